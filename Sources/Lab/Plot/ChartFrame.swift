/// The parts that all charts share: title, legend, grid and axes around a plot area.
struct ChartFrame {
    static let titleSize = 15.0
    static let labelSize = 12.0
    static let margin = 16.0

    var drawing: Drawing
    /// How far down the head reaches.
    private(set) var top: Double

    init(width: Double, height: Double, title: String, summary: String) {
        drawing = Drawing(width: width, height: height, description: title.isEmpty ? summary : "\(title): \(summary)")
        drawing.rectangle(0, 0, width, height, .paper)
        top = Self.margin
        guard !title.isEmpty else { return }
        let room = width - 2 * Self.margin
        drawing.add(
            .text(
                Drawing.fitted(title, size: Self.titleSize * 1.06, room: room), at: Spot(Self.margin, top + 12),
                size: Self.titleSize, bold: true))
        top += 26
    }

    /// Names beside their colours, in as many rows as they need.
    mutating func legend(_ entries: [(name: String, ink: Ink, dashed: Bool)]) {
        let right = drawing.width - Self.margin
        var x = Self.margin
        for entry in entries {
            let name = Drawing.fitted(entry.name, size: Self.labelSize, room: right - Self.margin - 26)
            let width = 24 + Drawing.width(of: name, size: Self.labelSize)
            if x > Self.margin, x + width > right {
                x = Self.margin
                top += 18
            }
            let middle = top + 7
            drawing.add(.line([Spot(x, middle), Spot(x + 18, middle)], entry.ink, width: 2.5, dashed: entry.dashed))
            drawing.add(.text(name, at: Spot(x + 24, middle + 4), size: Self.labelSize))
            x += width + 18
        }
        if !entries.isEmpty { top += 22 }
    }

    /// The name of the upright axis, lying on top of it where it is read without turning the head.
    mutating func upperLabel(_ text: String) {
        guard !text.isEmpty else { return }
        drawing.add(
            .text(
                Drawing.fitted(text, size: Self.labelSize, room: drawing.width - 2 * Self.margin),
                at: Spot(Self.margin, top + 10), size: Self.labelSize, ink: .muted))
        top += 18
    }

    mutating func add(_ mark: Drawing.Mark) { drawing.add(mark) }
}

/// The rectangle that holds the data, with one axis along and one up.
struct PlotArea {
    let left: Double
    let right: Double
    let top: Double
    let bottom: Double

    var width: Double { right - left }
    var height: Double { bottom - top }

    func x(_ fraction: Double) -> Double { left + min(max(fraction, 0), 1) * width }
    func y(_ fraction: Double) -> Double { bottom - min(max(fraction, 0), 1) * height }
}
