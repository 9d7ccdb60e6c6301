import Lab
import Testing

@Suite struct ChartTests {
    private struct Box {
        let text: String
        let left, right, top, bottom: Double

        func touches(_ other: Box) -> Bool {
            left < other.right && other.left < right && top < other.bottom && other.top < bottom
        }
    }

    private func boxes(_ drawing: Drawing) -> [Box] {
        drawing.marks.compactMap { mark in
            guard case .text(let text, let spot, let size, let anchor, _, let bold, let upward) = mark, !text.isEmpty
            else { return nil }
            let length = Double(text.count) * size * (bold ? 0.6 : 0.57)
            let start = anchor == .start ? 0 : anchor == .middle ? -length / 2 : -length
            if upward {
                return Box(
                    text: text, left: spot.x - size * 0.75, right: spot.x, top: spot.y - start - length,
                    bottom: spot.y - start)
            }
            return Box(
                text: text, left: spot.x + start, right: spot.x + start + length, top: spot.y - size * 0.75,
                bottom: spot.y)
        }
    }

    /// Every text lies on the page and none on another.
    private func checkLegible(_ drawing: Drawing, _ name: String) {
        let boxes = boxes(drawing)
        #expect(boxes.count > 3)
        for (index, box) in boxes.enumerated() {
            #expect(
                box.left >= 0 && box.right <= drawing.width && box.top >= 0 && box.bottom <= drawing.height,
                "\(name): '\(box.text)' leaves the page")
            for other in boxes[(index + 1)...] where box.touches(other) {
                Issue.record("\(name): '\(box.text)' lies on '\(other.text)'")
            }
        }
    }

    private func labels(_ drawing: Drawing) -> [String] { boxes(drawing).map(\.text) }

    private func line(
        _ values: [Double], _ x: [Double]? = nil, xScale: AxisScale = .linear, yScale: AxisScale = .linear
    ) -> LineChart {
        let points = values.enumerated().map { Spot(x?[$0] ?? Double($0), $1) }
        return LineChart(
            title: "t", xLabel: "step", yLabel: "loss", xScale: xScale, yScale: yScale, series: [.init("a", points)])
    }

    @Test func `ticks are round numbers in one notation`() {
        #expect(
            labels(line([0, 1.04], [0, 20_000]).drawing) == [
                "t", "a", "loss", "0", "0.5", "1.0", "1.5", "0", "5k", "10k", "15k", "20k", "step",
            ])
        #expect(
            labels(line([1e-5, 3e-2], [1, 1000], xScale: .log, yScale: .log).drawing)
                == [
                    "t", "a", "loss", "1e-5", "1e-4", "0.001", "0.01", "1", "3", "10", "30", "100", "300", "1000",
                    "step",
                ])
        #expect(labels(line([7, 7], [1, 2]).drawing).contains("7.0"))
    }

    @Test func `texts never overlap or leave the page`() {
        for last in [3.0, 99, 1234, 20_000, 3_456_789, 1e9, 1e-6] {
            for scale in AxisScale.allCases {
                let x = (1...50).map { last * Double($0) / 50 }
                let y = x.map { last / ($0 + last * 1e-4) }
                checkLegible(line(y, x, xScale: scale, yScale: scale).drawing, "line to \(last), \(scale)")
            }
        }
        var many = line([1, 2, 3])
        many.series = (0..<12).map {
            .init("a curve with a rather long name, number \($0)", [(0, Double($0)), (1, 2)])
        }
        many.references = [("published", 1)]
        many.height = 500
        checkLegible(many.drawing, "many")
        let names = [
            "a", "a much longer category name that cannot possibly fit into the space there is", "c", "d", "e",
        ]
        for values in [[1.0, 2, 3, 4, 5], [-1, 0.001, 12_345, .nan, 1e-9], [0, 0, 0, 0, 0]] {
            let one = BarChart.Series("one", values, spread: values.map { abs($0) / 10 })
            checkLegible(BarChart(title: "bars", valueLabel: "loss", categories: names, series: [one]).drawing, "bars")
            let groups = (0..<5).map { BarChart.Series("series \($0)", values) }
            checkLegible(
                BarChart(title: "bars", valueLabel: "loss", categories: names, series: groups).drawing, "groups")
        }
        for count in [1, 5, 24, 60] {
            let columns = (0..<count).map { "column \($0)" }
            let table = (0..<count).map { row in (0..<count).map { Double(row * $0) / 7 } }
            let map = HeatMap(
                title: "map", rowLabel: "row", columnLabel: "column", rows: columns, columns: columns, values: table)
            checkLegible(map.drawing, "map of \(count)")
        }
    }

    @Test func `gaps and values without a place split a curve and a lone point is a dot`() {
        let chart = line([1, 2, .nan, 3, .infinity, 5, 6])
        var lines = 0
        var dots = 0
        for mark in chart.drawing.marks {
            if case .line(let spots, .series(0), _, _, _) = mark, spots.count == 1 || spots[1].x - spots[0].x > 20 {
                lines += 1
            }
            if case .disc = mark { dots += 1 }
        }
        #expect(lines == 3)
        #expect(dots == 5)
    }

    @Test func `a smoothed constant is the constant and its curve spans the plot`() throws {
        var chart = line([Double](repeating: 0.5, count: 5000))
        chart.smoothing = 0.99
        let smooth = chart.drawing.marks.compactMap { mark -> [Spot]? in
            if case .line(let spots, .series(0), 2.2, _, _) = mark { spots } else { nil }
        }
        let curve = try #require(smooth.first)
        #expect(curve.count < 1500)
        #expect(curve.allSatisfy { abs($0.y - curve[0].y) < 1e-6 })
        #expect(curve[curve.count - 1].x - curve[0].x > 600)
    }

    @Test func `thinning keeps the highest and the lowest point`() {
        var values = (0..<50_000).map { Double($0 % 7) }
        values[31_234] = 100
        values[12_345] = -50
        let heights = line(values).drawing.marks.compactMap { mark -> [Double]? in
            if case .line(let spots, .series(0), 2, _, _) = mark { spots.map(\.y) } else { nil }
        }.joined()
        let all = line([-50, 100, 0]).drawing.marks.compactMap { mark -> [Double]? in
            if case .line(let spots, .series(0), 2, _, _) = mark { spots.map(\.y) } else { nil }
        }.joined()
        #expect(heights.max() == all.max() && heights.min() == all.min())
    }

    @Test func `no data still makes a chart`() {
        #expect(labels(LineChart(title: "empty", yLabel: "y").drawing).first == "empty")
        #expect(labels(HeatMap(title: "empty", values: []).drawing).first == "empty")
        #expect(labels(BarChart(title: "empty", categories: [], series: []).drawing).first == "empty")
    }
}
