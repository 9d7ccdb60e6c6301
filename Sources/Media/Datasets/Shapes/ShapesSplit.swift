/// Which sentences of `shapes` training never sees.
///
/// Singles: six of the forty colored shapes, one of each kind and a second triangle, of six different colors.
/// They occur in no pair of either split, so a model meets their color and their shape but never both
/// together.
///
/// Pairs: of the 561 unordered pairs of the other colored shapes, those whose numbers (color by color, 0 to
/// 39) sum to 3 modulo 7: 83 pairs, between 3 and 6 for each colored shape.
public enum ShapesSplit {
    public static let heldOutSingles: Set<ColoredShape> = [
        ColoredShape(.red, .triangle), ColoredShape(.green, .ring), ColoredShape(.blue, .square),
        ColoredShape(.yellow, .cross), ColoredShape(.purple, .circle), ColoredShape(.cyan, .triangle),
    ]

    /// Colored shapes of one split; each is told in every size and on every background.
    public static func singles(_ split: Split) -> [ColoredShape] {
        ColoredShape.all.filter { heldOutSingles.contains($0) == (split == .heldOut) }
    }

    public static func isHeldOut(_ a: ColoredShape, _ b: ColoredShape) -> Bool {
        (a.number + b.number) % 7 == 3
    }

    /// Unordered pairs of one split, the lower number first.
    public static func pairs(_ split: Split) -> [(ColoredShape, ColoredShape)] {
        let shapes = singles(.train)
        return shapes.indices.flatMap { i in
            shapes[(i + 1)...].filter { isHeldOut(shapes[i], $0) == (split == .heldOut) }.map {
                (shapes[i], $0)
            }
        }
    }

    /// The split that a sentence belongs to; nil for a pair that holds a held-out single, which neither has.
    public static func split(of caption: ShapesCaption) -> Split? {
        switch caption {
        case .single(_, let shape, _): return heldOutSingles.contains(shape) ? .heldOut : .train
        case .pair(let a, _, let b, _):
            if heldOutSingles.contains(a) || heldOutSingles.contains(b) { return nil }
            return isHeldOut(a, b) ? .heldOut : .train
        }
    }

    /// Every sentence about one object: 306 to train on, 54 held out.
    public static func singleCaptions(_ split: Split) -> [ShapesCaption] {
        singles(split).flatMap { shape in
            [nil, ShapeSize.small, .large].flatMap { size in
                ShapeBackground.allCases.map { .single(size, shape, $0) }
            }
        }
    }

    /// Every sentence about two objects, in both orders and all relations: 11,472 to train on, 1,992 held
    /// out.
    public static func pairCaptions(_ split: Split) -> [ShapesCaption] {
        pairs(split).flatMap { a, b in
            [(a, b), (b, a)].flatMap { first, second in
                ShapeRelation.allCases.flatMap { relation in
                    ShapeBackground.allCases.map { .pair(first, relation, second, $0) }
                }
            }
        }
    }
}
