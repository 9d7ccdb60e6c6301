/// The first thing, in the order of the cases, in which a picture differs from a sentence.
public enum ShapesMismatch: String, CaseIterable, Sendable {
    /// No clean scene: blots, parts missing or of mixed colours, an object cut by the edge.
    case scene
    case background
    /// Objects too many or too few.
    case count
    case kind, color, size
    /// Two objects that do not stand to each other as the sentence says.
    case place
}

extension ShapesScene {
    /// Whether a sentence is true of the scene: every word, and nothing more to be seen.
    ///
    /// - Parameter slack: pixels forgiven in sizes and distances.
    public func agrees(with caption: ShapesCaption, slack: Double = 1) -> Bool { mismatch(with: caption, slack: slack) == nil }

    /// What makes a sentence untrue of the scene; nil where it is true. Of two objects, either may be the sentence's first.
    public func mismatch(with caption: ShapesCaption, slack: Double = 1) -> ShapesMismatch? {
        guard caption.background == background else { return .background }
        func unlike(_ object: Object, _ shape: ColoredShape, _ sides: ClosedRange<Int>) -> ShapesMismatch? {
            if object.shape.kind != shape.kind { return .kind }
            if object.shape.color != shape.color { return .color }
            let fits = object.side >= Double(sides.lowerBound) - slack && object.side <= Double(sides.upperBound) + slack
            return fits ? nil : .size
        }
        switch caption {
        case .single(let size, let shape, _):
            guard objects.count == 1 else { return .count }
            return unlike(objects[0], shape, size?.sides ?? ShapeSize.anySides)
        case .pair(let first, let relation, let second, _):
            guard objects.count == 2 else { return .count }
            let ways: [ShapesMismatch?] = [(objects[0], objects[1]), (objects[1], objects[0])].map { a, b in
                let found = [unlike(a, first, ShapeSize.pairSides), unlike(b, second, ShapeSize.pairSides)].compactMap { $0 }
                return ShapesMismatch.allCases.first(where: found.contains)
                    ?? (Self.holds(relation, a, b, slack: slack) ? nil : .place)
            }
            return ways.contains { $0 == nil } ? nil : ShapesMismatch.allCases.last { ways.contains($0) }
        }
    }
}
