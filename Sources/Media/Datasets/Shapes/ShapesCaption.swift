/// The words of the `shapes` data set, and what they mean in pixels.
public enum ShapeColor: String, CaseIterable, Sendable, Comparable {
    case red, green, blue, yellow, purple, orange, cyan, pink

    public var rgb: (r: UInt8, g: UInt8, b: UInt8) {
        switch self {
        case .red: (220, 40, 40)
        case .green: (40, 170, 70)
        case .blue: (50, 90, 220)
        case .yellow: (240, 210, 50)
        case .purple: (150, 70, 190)
        case .orange: (240, 140, 40)
        case .cyan: (60, 200, 210)
        case .pink: (240, 130, 180)
        }
    }

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// What an object is.
public enum ShapeKind: String, CaseIterable, Sendable {
    case circle, square, triangle, ring, cross

    /// Whether the shape that fills the unit square holds the point (u, v); v runs downwards.
    func contains(_ u: Double, _ v: Double) -> Bool {
        guard u >= 0 && u <= 1 && v >= 0 && v <= 1 else { return false }
        let radius = (u - 0.5) * (u - 0.5) + (v - 0.5) * (v - 0.5)
        switch self {
        case .square: return true
        case .circle: return radius <= 0.25
        case .ring: return radius <= 0.25 && radius >= 0.0625  // inner radius half the outer
        case .triangle: return abs(u - 0.5) <= v / 2  // apex up
        case .cross: return abs(u - 0.5) <= 1.0 / 6 || abs(v - 0.5) <= 1.0 / 6  // arms a third of the width
        }
    }
}

/// What a sentence says about an object's size; unsaid leaves it open.
public enum ShapeSize: String, CaseIterable, Sendable {
    case small, large

    /// Side of the bounding box, pixels.
    public var sides: ClosedRange<Int> { self == .small ? 8...10 : 18...22 }
    public static let anySides = 8...22
    public static let pairSides = 9...12
}

/// The plain colour behind the objects.
public enum ShapeBackground: String, CaseIterable, Sendable {
    case white, gray, black

    public var level: UInt8 {
        switch self {
        case .white: 255
        case .gray: 190
        case .black: 0
        }
    }
}

/// Where the first object of a pair lies, seen from the second.
public enum ShapeRelation: String, CaseIterable, Sendable {
    case above, below
    case left = "left of"
    case right = "right of"

    /// The same scene, told from the other object.
    public var inverse: ShapeRelation {
        switch self {
        case .above: .below
        case .below: .above
        case .left: .right
        case .right: .left
        }
    }

    /// Centres lie at least this far apart along the named axis and at most `offAxis` across it.
    public static let alongAxis = 15.0
    public static let offAxis = 6.0
}

/// A colored shape: what the split is made of.
public struct ColoredShape: Hashable, Sendable, CustomStringConvertible {
    public let color: ShapeColor
    public let kind: ShapeKind

    public init(_ color: ShapeColor, _ kind: ShapeKind) {
        self.color = color
        self.kind = kind
    }

    public var description: String { "\(color.rawValue) \(kind.rawValue)" }

    /// All forty, numbered color by color in the order of the palette.
    public static let all = ShapeColor.allCases.flatMap { color in
        ShapeKind.allCases.map { ColoredShape(color, $0) }
    }

    /// 0 to 39.
    public var number: Int { Self.all.firstIndex(of: self)! }
}

/// A sentence of the `shapes` data set.
///
///     a [small|large ]COLOR SHAPE on a BACKGROUND background
///     a COLOR SHAPE (above|below|left of|right of) a COLOR SHAPE on a BACKGROUND background
public enum ShapesCaption: Hashable, Sendable, CustomStringConvertible {
    case single(ShapeSize?, ColoredShape, ShapeBackground)
    case pair(ColoredShape, ShapeRelation, ColoredShape, ShapeBackground)

    public var background: ShapeBackground {
        switch self {
        case .single(_, _, let background), .pair(_, _, _, let background): background
        }
    }

    public var description: String {
        switch self {
        case .single(let size, let shape, let background):
            "a \(size.map { $0.rawValue + " " } ?? "")\(shape) on a \(background.rawValue) background"
        case .pair(let first, let relation, let second, let background):
            "a \(first) \(relation.rawValue) a \(second) on a \(background.rawValue) background"
        }
    }

    /// Reads a sentence back; nil where it is not one of the grammar's.
    public init?(_ text: String) {
        var words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)[...]
        func take(_ word: String) -> Bool {
            guard words.first == word else { return false }
            words.removeFirst()
            return true
        }
        func shape() -> ColoredShape? {
            guard words.count >= 2, let color = ShapeColor(rawValue: words.removeFirst()),
                let kind = ShapeKind(rawValue: words.removeFirst())
            else { return nil }
            return ColoredShape(color, kind)
        }
        guard take("a") else { return nil }
        let size = words.first.flatMap(ShapeSize.init(rawValue:))
        if size != nil { words.removeFirst() }
        guard let first = shape() else { return nil }
        var rest: (ShapeRelation, ColoredShape)?
        if words.first != "on" {
            guard size == nil, !words.isEmpty else { return nil }
            let word = words.removeFirst()
            let name = take("of") ? word + " of" : word
            guard let relation = ShapeRelation(rawValue: name), take("a"), let second = shape(),
                second != first
            else { return nil }
            rest = (relation, second)
        }
        guard take("on"), take("a"), let name = words.popFirst(),
            let background = ShapeBackground(rawValue: name),
            take("background"), words.isEmpty
        else { return nil }
        self = rest.map { .pair(first, $0.0, $0.1, background) } ?? .single(size, first, background)
    }
}
