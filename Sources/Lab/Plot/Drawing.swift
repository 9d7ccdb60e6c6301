import Tensors

/// A place on a drawing in points, from the top left.
public struct Spot: Equatable, Sendable {
    public var x: Double
    public var y: Double

    public init(_ x: Double, _ y: Double) {
        self.x = x
        self.y = y
    }
}

/// What a mark is painted with: a role that follows the light or dark page, or a fixed colour.
public enum Ink: Hashable, Sendable {
    case text
    case muted
    case grid
    case paper
    /// Colours told apart by most eyes, the same in every chart of a run.
    case series(Int)
    case rgb(UInt8, UInt8, UInt8)
}

/// A picture made of few kinds of marks, drawn in order; it becomes SVG or pixels.
public struct Drawing: Sendable {
    public enum Anchor: String, Sendable { case start, middle, end }

    public enum Mark: Sendable {
        case line([Spot], Ink, width: Double, opacity: Double = 1, dashed: Bool = false)
        case area([Spot], Ink, opacity: Double = 1)
        case disc(Spot, radius: Double, Ink)
        /// `at` is on the base line; upward text is turned a quarter to the left about it.
        case text(
            String, at: Spot, size: Double, anchor: Anchor = .start, ink: Ink = .text, bold: Bool = false,
            upward: Bool = false)
    }

    public let width: Double
    public let height: Double
    /// What the picture shows, for those who cannot see it.
    public var description: String
    public private(set) var marks: [Mark] = []

    public init(width: Double, height: Double, description: String = "") {
        require(width > 0 && height > 0, "Drawing: \(width) by \(height) points")
        self.width = width
        self.height = height
        self.description = description
    }

    public mutating func add(_ mark: Mark) { marks.append(mark) }

    mutating func rectangle(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ ink: Ink, opacity: Double = 1
    ) {
        add(
            .area(
                [Spot(x, y), Spot(x + width, y), Spot(x + width, y + height), Spot(x, y + height)], ink,
                opacity: opacity))
    }

    /// Room that a text takes, for laying out; both outputs stay close to it.
    static func width(of text: String, size: Double, bold: Bool = false) -> Double {
        Double(text.count) * size * (bold ? 0.6 : 0.57)
    }

    /// The text, cut with an ellipsis where it would be wider than `room`.
    static func fitted(_ text: String, size: Double, room: Double) -> String {
        guard width(of: text, size: size) > room else { return text }
        return text.prefix(max(0, Int(room / (size * 0.57)) - 1)) + "…"
    }
}
