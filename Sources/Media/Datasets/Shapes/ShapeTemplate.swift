/// Shapes drawn at every size and half-pixel offset, to be laid over a picture.
enum ShapeTemplate {
    /// A square in half pixels.
    struct Box: Hashable {
        var left: Int
        var top: Int
        var side: Int
    }

    /// Sides that are tried, in half pixels: a little beyond the 8 to 22 pixels of the data set.
    static let sides = 10...52

    /// Improves a box step by step until no neighbouring box overlaps better.
    ///
    ///     coverage: [32, 32]    share of each pixel that the object covers
    static func fit(_ kind: ShapeKind, to coverage: [Float], from start: Box) -> (box: Box, overlap: Float) {
        let mass = coverage.reduce(0, +)
        var box = start
        box.side = min(max(box.side, sides.lowerBound), sides.upperBound)
        var best = overlap(kind, box, coverage, mass)
        for step in [2, 1] {
            var improved = true
            while improved {
                improved = false
                let center = box
                for grow in [-step, 0, step] {
                    for dy in [-step, 0, step] {
                        for dx in [-step, 0, step] {
                            let tried = Box(left: center.left + dx, top: center.top + dy, side: center.side + grow)
                            guard sides.contains(tried.side) else { continue }
                            let value = overlap(kind, tried, coverage, mass)
                            if value > best {
                                (best, box) = (value, tried)
                                improved = true
                            }
                        }
                    }
                }
            }
        }
        return (box, best)
    }

    /// Intersection over union, pixels counting by their coverage.
    private static func overlap(_ kind: ShapeKind, _ box: Box, _ coverage: [Float], _ mass: Float) -> Float {
        let side = ShapesScene.side
        let template = drawn[kind]![box.side - sides.lowerBound][(box.top & 1) * 2 + (box.left & 1)]
        let (x0, y0) = (box.left >> 1, box.top >> 1)
        var shared: Float = 0
        for y in max(0, y0)..<max(0, y0, min(side, y0 + template.width)) {
            for x in max(0, x0)..<max(0, x0, min(side, x0 + template.width)) {
                shared += min(coverage[y * side + x], template.shares[(y - y0) * template.width + x - x0])
            }
        }
        return shared / (mass + template.mass - shared)
    }

    private struct Drawing {
        let width: Int
        let shares: [Float]
        let mass: Float
    }

    /// By kind, then side, then which half pixel the corner begins in.
    private static let drawn: [ShapeKind: [[Drawing]]] = Dictionary(
        uniqueKeysWithValues: ShapeKind.allCases.map { kind in
            (kind, sides.map { side in (0..<4).map { draw(kind, side, dx: $0 & 1, dy: $0 >> 1) } })
        })

    private static func draw(_ kind: ShapeKind, _ side: Int, dx: Int, dy: Int) -> Drawing {
        let object = ShapesScene.Object(
            ColoredShape(.red, kind), left: Double(dx) / 2, top: Double(dy) / 2, side: Double(side) / 2)
        let width = side / 2 + 2
        let shares = (0..<width * width).map { Float(object.coverage($0 % width, $0 / width)) }
        return Drawing(width: width, shares: shares, mass: shares.reduce(0, +))
    }
}
