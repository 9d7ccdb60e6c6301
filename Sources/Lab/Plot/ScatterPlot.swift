import Tensors

/// Clouds of points side by side over the same square of the plane.
public struct ScatterPlot: Sendable {
    public struct Panel: Sendable {
        public var title: String
        public var points: [Spot]

        public init(_ title: String, _ points: [Spot]) {
            self.title = title
            self.points = points
        }

        /// The first two numbers of each point; a missing second one is 0.
        public init(_ title: String, _ points: [[Float]]) {
            self.init(title, points.map { Spot(Double($0.first ?? 0), $0.count > 1 ? Double($0[1]) : 0) })
        }
    }

    public var title: String
    public var panels: [Panel]
    /// Side of a panel's square in points.
    public var side = 260.0
    /// Half the side of the square about the origin; so that nearly every point is inside when nil.
    public var reach: Double?

    public init(title: String = "", panels: [Panel], reach: Double? = nil) {
        require(!panels.isEmpty, "ScatterPlot: no panels")
        self.title = title
        self.panels = panels
        self.reach = reach
    }

    public var drawing: Drawing {
        let bound = reach ?? measured
        let axis = Axis([-bound, bound], scale: .linear, count: 4, rounding: false)
        let labels = axis.ticks.map { Drawing.width(of: $0.label, size: ChartFrame.labelSize) }.max() ?? 0
        let step = side + 24
        let left = ChartFrame.margin + labels + 8
        let head = ChartFrame.margin + (title.isEmpty ? 0 : 26) + 22
        var frame = ChartFrame(
            width: left + step * Double(panels.count), height: head + side + 34, title: title,
            summary: "points of " + panels.map(\.title).joined(separator: ", "))
        for (i, panel) in panels.enumerated() {
            let x = left + step * Double(i)
            let area = PlotArea(left: x, right: x + side, top: head, bottom: head + side)
            draw(panel, Ink.series(i), in: area, axis, named: i == 0, &frame)
        }
        return frame.drawing
    }

    /// 99.5 % of all coordinates lie within it, with room to spare.
    private var measured: Double {
        let sizes = panels.flatMap(\.points).flatMap { [abs($0.x), abs($0.y)] }.filter(\.isFinite).sorted()
        guard !sizes.isEmpty else { return 1 }
        return max(sizes[min(sizes.count - 1, sizes.count * 995 / 1000)] * 1.15, 1e-6)
    }

    private func draw(
        _ panel: Panel, _ ink: Ink, in area: PlotArea, _ axis: Axis, named isFirst: Bool, _ frame: inout ChartFrame
    ) {
        for tick in axis.ticks {
            guard let share = axis.fraction(tick.value) else { continue }
            let (x, y) = (area.x(share), area.y(share))
            frame.add(.line([Spot(x, area.top), Spot(x, area.bottom)], .grid, width: 1))
            frame.add(.line([Spot(area.left, y), Spot(area.right, y)], .grid, width: 1))
            frame.add(
                .text(
                    tick.label, at: Spot(x, area.bottom + 18), size: ChartFrame.labelSize, anchor: .middle, ink: .muted)
            )
            if isFirst {
                frame.add(
                    .text(
                        tick.label, at: Spot(area.left - 8, y + 4), size: ChartFrame.labelSize, anchor: .end,
                        ink: .muted))
            }
        }
        frame.add(.text(panel.title, at: Spot(area.left, area.top - 8), size: ChartFrame.labelSize))
        let opacity = panel.points.count > 400 ? 0.5 : 0.8
        for point in panel.points {
            // What lies outside the square is not drawn on its edge.
            guard let u = axis.fraction(point.x), let v = axis.fraction(point.y), (0...1).contains(u),
                (0...1).contains(v)
            else { continue }
            let spot = Spot(area.x(u), area.y(v))
            frame.add(.line([spot, spot], ink, width: 3, opacity: opacity))
        }
    }
}
