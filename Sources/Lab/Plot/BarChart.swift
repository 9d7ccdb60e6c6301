import Tensors

/// Lying bars, one group a row, with whiskers and the value written out: the outcome of an ablation at a glance.
public struct BarChart: Sendable {
    public struct Series: Sendable {
        public var name: String
        /// One value a category; NaN where there is none.
        public var values: [Double]
        /// Half the length of each whisker, for example two standard errors; empty for none.
        public var spread: [Double]

        public init(_ name: String, _ values: [Double], spread: [Double] = []) {
            require(
                spread.isEmpty || spread.count == values.count,
                "BarChart: \(spread.count) spreads, \(values.count) values")
            self.name = name
            self.values = values
            self.spread = spread
        }
    }

    public var title: String
    public var valueLabel: String
    public var categories: [String]
    public var series: [Series]
    public var width = 720.0

    public init(title: String, valueLabel: String = "", categories: [String], series: [Series]) {
        for one in series {
            require(
                one.values.count == categories.count,
                "BarChart: \(one.values.count) values, \(categories.count) categories")
        }
        self.title = title
        self.valueLabel = valueLabel
        self.categories = categories
        self.series = series
    }

    public var drawing: Drawing {
        let (bar, gap) = (series.count > 1 ? 14.0 : 18.0, 10.0)
        let group = bar * Double(max(1, series.count)) + gap
        let legend = series.count > 1 ? 22.0 * Double(1 + series.count / 4) : 0
        let body = group * Double(categories.count) + gap
        let height = ChartFrame.margin + 26 + legend + body + (valueLabel.isEmpty ? 34 : 54)
        let summary = "bars of \(valueLabel) for \(categories.joined(separator: ", "))"
        var frame = ChartFrame(width: width, height: height, title: title, summary: summary)
        if series.count > 1 { frame.legend(series.enumerated().map { ($1.name, .series($0), false) }) }

        let texts = valueTexts()
        let size = ChartFrame.labelSize
        let valueRoom = texts.joined().map { Drawing.width(of: $0, size: size) }.max() ?? 0
        let nameRoom = min(width * 0.42, categories.map { Drawing.width(of: $0, size: size) }.max() ?? 0)
        let area = PlotArea(
            left: ChartFrame.margin + nameRoom + 10, right: width - ChartFrame.margin - valueRoom - 12,
            top: frame.top + 4,
            bottom: frame.top + 4 + body)
        let ends = series.flatMap { one in
            one.values + zip(one.values, one.spread).flatMap { [$0 - $1, $0 + $1] }
        }
        let axis = Axis(ends, scale: .linear, count: max(2, Int(area.width / 60)), rounding: true, including: true)
        for tick in axis.ticks {
            let x = area.x(axis.fraction(tick.value) ?? 0)
            frame.add(.line([Spot(x, area.top), Spot(x, area.bottom)], tick.value == 0 ? .muted : .grid, width: 1))
            frame.add(.text(tick.label, at: Spot(x, area.bottom + 18), size: size, anchor: .middle, ink: .muted))
        }
        frame.add(
            .text(
                valueLabel, at: Spot((area.left + area.right) / 2, area.bottom + 38), size: size, anchor: .middle,
                ink: .muted))
        for (row, category) in categories.enumerated() {
            let top = area.top + gap + group * Double(row)
            let middle = top + (group - gap) / 2
            frame.add(
                .text(
                    Drawing.fitted(category, size: size, room: nameRoom), at: Spot(area.left - 10, middle + 4),
                    size: size,
                    anchor: .end))
            for (index, one) in series.enumerated() {
                draw(
                    one, row, .series(index), top + bar * Double(index), bar - 2, texts[index][row], &frame, area, axis)
            }
        }
        return frame.drawing
    }

    private func draw(
        _ one: Series, _ row: Int, _ ink: Ink, _ top: Double, _ thickness: Double, _ text: String,
        _ frame: inout ChartFrame, _ area: PlotArea, _ axis: Axis
    ) {
        let middle = top + thickness / 2
        let right = width - ChartFrame.margin
        frame.add(.text(text, at: Spot(right, middle + 4), size: ChartFrame.labelSize, anchor: .end, ink: .muted))
        guard let end = axis.fraction(one.values[row]), let zero = axis.fraction(0) else { return }
        let (from, to) = (area.x(min(zero, end)), area.x(max(zero, end)))
        frame.drawing.rectangle(from, top, to - from, thickness, ink, opacity: 0.85)
        guard !one.spread.isEmpty, one.spread[row].isFinite, one.spread[row] > 0,
            let low = axis.fraction(one.values[row] - one.spread[row]),
            let high = axis.fraction(one.values[row] + one.spread[row])
        else { return }
        let (a, b) = (area.x(low), area.x(high))
        frame.add(.line([Spot(a, middle), Spot(b, middle)], .text, width: 1.4))
        for x in [a, b] { frame.add(.line([Spot(x, middle - 3.5), Spot(x, middle + 3.5)], .text, width: 1.4)) }
    }

    /// `0.520 ± 0.015`, all with the same number of decimals; a dash where there is no value.
    private func valueTexts() -> [[String]] {
        let numbers = alignedNumbers(series.flatMap { $0.values + $0.spread })
        var start = 0
        return series.map { one in
            let values = numbers[start..<start + one.values.count]
            let spreads = numbers[start + one.values.count..<start + one.values.count + one.spread.count]
            start += one.values.count + one.spread.count
            return one.values.indices.map { row in
                guard one.values[row].isFinite else { return "–" }
                guard !one.spread.isEmpty, one.spread[row].isFinite else { return values[values.startIndex + row] }
                return values[values.startIndex + row] + " ± " + spreads[spreads.startIndex + row]
            }
        }
    }
}
