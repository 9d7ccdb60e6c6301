import Tensors

/// Curves over steps or any other quantity.
///
///     var chart = LineChart(title: "Training loss", xLabel: "step", yLabel: "nats", smoothing: 0.9)
///     chart.series = [.init("masked", points)]
///     let svg = chart.drawing.svg
public struct LineChart: Sendable {
    public struct Series: Sendable {
        public var name: String
        public var points: [Spot]
        /// Half the height of a band about each point, for example two standard errors; empty for none.
        public var spread: [Double]

        public init(_ name: String, _ points: [Spot], spread: [Double] = []) {
            require(
                spread.isEmpty || spread.count == points.count,
                "LineChart: \(spread.count) spreads, \(points.count) points")
            self.name = name
            self.points = points
            self.spread = spread
        }

        public init(_ name: String, _ points: [(Double, Double)], spread: [Double] = []) {
            self.init(name, points.map { Spot($0.0, $0.1) }, spread: spread)
        }
    }

    public var title: String
    public var xLabel: String
    public var yLabel: String
    public var xScale: AxisScale
    public var yScale: AxisScale
    public var series: [Series]
    /// Weight of the past, 0 to 1: the running mean is drawn over the faint raw curve; 0 draws the raw curve alone.
    public var smoothing: Double
    /// Level lines with a name, such as a published result.
    public var references: [(name: String, value: Double)]
    public var width = 720.0
    public var height = 380.0

    public init(
        title: String, xLabel: String = "", yLabel: String = "", xScale: AxisScale = .linear,
        yScale: AxisScale = .linear, series: [Series] = [], smoothing: Double = 0,
        references: [(name: String, value: Double)] = []
    ) {
        require((0..<1).contains(smoothing), "LineChart: smoothing \(smoothing) is not in 0..<1")
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.xScale = xScale
        self.yScale = yScale
        self.series = series
        self.smoothing = smoothing
        self.references = references
    }

    public var drawing: Drawing {
        let names = series.map(\.name).joined(separator: ", ")
        var frame = ChartFrame(
            width: width, height: height, title: title, summary: "curves of \(names) over \(xLabel)")
        let inks = series.indices.map { (ink: Ink.series($0), dashed: $0 / Palette.seriesCount % 2 == 1) }
        var legend = zip(series, inks).map { ($0.name, $1.ink, $1.dashed) }
        if series.count == 1, series[0].name.isEmpty || series[0].name == title { legend = [] }
        frame.legend(legend + references.map { ($0.name, .muted, true) })
        frame.upperLabel(yLabel)

        let bottom = height - (xLabel.isEmpty ? 30 : 50)
        let top = frame.top + 6
        let levels = series.flatMap { curve in
            curve.points.map(\.y) + zip(curve.points, curve.spread).flatMap { [$0.y - $1, $0.y + $1] }
        }
        let yAxis = Axis(
            levels + references.map(\.value), scale: yScale, count: max(2, Int((bottom - top) / 44)), rounding: true)
        let labelWidth = yAxis.ticks.map { Drawing.width(of: $0.label, size: ChartFrame.labelSize) }.max() ?? 0
        let left = ChartFrame.margin + labelWidth + 8
        let xAxis = Axis(
            series.flatMap { $0.points.map(\.x) }, scale: xScale, count: max(2, Int((width - left) / 90)),
            rounding: false)
        let area = PlotArea(left: left, right: width - 24, top: top, bottom: bottom)
        grid(&frame, area, xAxis, yAxis)
        for (curve, look) in zip(series, inks) { draw(curve, look.ink, look.dashed, &frame, area, xAxis, yAxis) }
        drawReferences(&frame, area, yAxis)
        return frame.drawing
    }

    private func grid(_ frame: inout ChartFrame, _ area: PlotArea, _ xAxis: Axis, _ yAxis: Axis) {
        for tick in yAxis.ticks {
            let y = area.y(yAxis.fraction(tick.value) ?? 0)
            frame.add(.line([Spot(area.left, y), Spot(area.right, y)], .grid, width: 1))
            frame.add(
                .text(tick.label, at: Spot(area.left - 8, y + 4), size: ChartFrame.labelSize, anchor: .end, ink: .muted)
            )
        }
        frame.add(.line([Spot(area.left, area.bottom), Spot(area.right, area.bottom)], .muted, width: 1))
        for tick in xAxis.ticks {
            let x = area.x(xAxis.fraction(tick.value) ?? 0)
            frame.add(.line([Spot(x, area.bottom), Spot(x, area.bottom + 4)], .muted, width: 1))
            // A label at the right end stays on the page.
            let half = Drawing.width(of: tick.label, size: ChartFrame.labelSize) / 2
            let centre = min(x, width - 4 - half)
            frame.add(
                .text(
                    tick.label, at: Spot(centre, area.bottom + 18), size: ChartFrame.labelSize, anchor: .middle,
                    ink: .muted))
        }
        let middle = (area.left + area.right) / 2
        frame.add(
            .text(xLabel, at: Spot(middle, area.bottom + 38), size: ChartFrame.labelSize, anchor: .middle, ink: .muted))
    }

    private func draw(
        _ curve: Series, _ ink: Ink, _ dashed: Bool, _ frame: inout ChartFrame, _ area: PlotArea, _ xAxis: Axis,
        _ yAxis: Axis
    ) {
        func place(_ x: Double, _ y: Double) -> Spot? {
            guard let u = xAxis.fraction(x), let v = yAxis.fraction(y) else { return nil }
            return Spot(area.x(u), area.y(v))
        }
        if !curve.spread.isEmpty {
            let pairs = zip(curve.points, curve.spread).filter { place($0.x, $0.y) != nil && $1.isFinite }
            // On a log axis a band that reaches below zero ends at the floor.
            let lower = pairs.compactMap { place($0.x, max($0.y - $1, yScale == .log ? yAxis.low : -.infinity)) }
            let upper = pairs.compactMap { place($0.x, $0.y + $1) }
            if pairs.count > 1 { frame.add(.area(upper + lower.reversed(), ink, opacity: 0.16)) }
        }
        let raw = pieces(curve.points.map { place($0.x, $0.y) })
        let marked = curve.points.count <= 24
        if smoothing > 0 {
            for piece in raw { frame.add(.line(thinned(piece, area), ink, width: 1, opacity: 0.3)) }
            let smooth = smoothed(curve.points)
            for piece in pieces(smooth.map { place($0.x, $0.y) }) {
                frame.add(.line(thinned(piece, area), ink, width: 2.2, dashed: dashed))
            }
        } else {
            for piece in raw { frame.add(.line(thinned(piece, area), ink, width: 2, dashed: dashed)) }
            // A point between two gaps has no line: a dot shows it.
            for piece in raw where marked || piece.count == 1 {
                for spot in piece { frame.add(.disc(spot, radius: 3, ink)) }
            }
        }
    }

    private func drawReferences(_ frame: inout ChartFrame, _ area: PlotArea, _ yAxis: Axis) {
        for reference in references {
            guard let fraction = yAxis.fraction(reference.value) else { continue }
            let y = area.y(fraction)
            frame.add(.line([Spot(area.left, y), Spot(area.right, y)], .muted, width: 1.4, dashed: true))
        }
    }

    /// Exponential running mean, corrected for its start; gaps stay gaps.
    private func smoothed(_ points: [Spot]) -> [Spot] {
        var (sum, weight) = (0.0, 0.0)
        return points.map { point in
            guard point.y.isFinite else { return point }
            sum = smoothing * sum + (1 - smoothing) * point.y
            weight = smoothing * weight + (1 - smoothing)
            return Spot(point.x, sum / weight)
        }
    }

    /// Runs of points that have a place.
    private func pieces(_ spots: [Spot?]) -> [[Spot]] {
        spots.split { $0 == nil }.map { $0.compactMap { $0 } }
    }

    /// At most four for every two points of width, which look the same: first, lowest, highest and last.
    private func thinned(_ spots: [Spot], _ area: PlotArea) -> [Spot] {
        guard spots.count > Int(area.width) else { return spots }
        var out: [Spot] = []
        var column: [Spot] = []
        func flush() {
            guard let first = column.first, let last = column.last else { return }
            let order = column.indices.sorted { column[$0].y < column[$1].y }
            let kept = Set([0, order[0], order[order.count - 1], column.count - 1]).sorted()
            out += column.count < 4 ? (first == last ? [first] : column) : kept.map { column[$0] }
        }
        for spot in spots {
            if let first = column.first, Int(first.x / 2) != Int(spot.x / 2) {
                flush()
                column = []
            }
            column.append(spot)
        }
        flush()
        return out
    }
}
