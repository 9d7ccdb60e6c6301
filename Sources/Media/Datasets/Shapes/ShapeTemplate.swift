import Glibc

/// Shapes drawn at every size, half-pixel offset and a few degrees of blur, to be laid over a picture.
enum ShapeTemplate {
    /// A square in half pixels.
    struct Box: Hashable {
        var left: Int
        var top: Int
        var side: Int
    }

    struct Fit {
        var box: Box
        /// Intersection over union, pixels counting by their coverage.
        var overlap: Float
    }

    /// Sides that are tried, in half pixels: a little beyond the 8 to 22 pixels of the data set.
    static let sides = 10...52
    /// Standard deviations of the blur, pixels; a model's edges are rarely as sharp as the data's.
    static let blurs = [0, 0.5, 0.8]
    /// An overlap beyond which more blur is not worth trying.
    private static let enough: Float = 0.97
    /// Pixels around a drawing that its blur reaches.
    private static let margin = 2

    /// The box, at the best degree of blur, that overlaps better than all its neighbours.
    ///
    ///     coverage: [32, 32]    share of each pixel that the object covers
    static func fit(_ kind: ShapeKind, to coverage: [Float], from start: Box) -> Fit {
        let mass = coverage.reduce(0, +)
        var best = Fit(box: start, overlap: -1)
        best.box.side = min(max(start.side, sides.lowerBound), sides.upperBound)
        for blur in blurs.indices {
            // The box found so far is a good start for the next degree.
            let climbed = climb(drawn[kind]![blur], coverage, mass, from: best.box)
            if climbed.overlap > best.overlap { best = climbed }
            if best.overlap > enough { break }
        }
        return best
    }

    /// Moves and resizes a box, first by pixels and then by halves, until nothing overlaps better.
    private static func climb(_ drawings: [Drawing], _ coverage: [Float], _ mass: Float, from start: Box)
        -> Fit
    {
        var best = Fit(box: start, overlap: overlap(drawings, start, coverage, mass))
        for step in [2, 1] {
            var improved = true
            while improved {
                improved = false
                let center = best.box
                for grow in [-step, 0, step] where sides.contains(center.side + grow) {
                    for dy in [-step, 0, step] {
                        for dx in [-step, 0, step] {
                            let box = Box(
                                left: center.left + dx, top: center.top + dy, side: center.side + grow)
                            let value = overlap(drawings, box, coverage, mass)
                            if value > best.overlap {
                                best = Fit(box: box, overlap: value)
                                improved = true
                            }
                        }
                    }
                }
            }
        }
        return best
    }

    private static func overlap(_ drawings: [Drawing], _ box: Box, _ coverage: [Float], _ mass: Float)
        -> Float
    {
        let side = ShapesScene.side
        let drawing = drawings[(box.side - sides.lowerBound) * 4 + (box.top & 1) * 2 + (box.left & 1)]
        let (x0, y0) = ((box.left >> 1) - margin, (box.top >> 1) - margin)
        let columns = max(0, x0)..<max(0, x0, min(side, x0 + drawing.width))
        var shared: Float = 0
        for y in max(0, y0)..<max(0, y0, min(side, y0 + drawing.width)) {
            for x in columns {
                shared += min(coverage[y * side + x], drawing.shares[(y - y0) * drawing.width + x - x0])
            }
        }
        return shared / (mass + drawing.mass - shared)
    }

    private struct Drawing {
        let width: Int
        let shares: [Float]
        let mass: Float
    }

    /// By kind, then blur; within: four half-pixel offsets of every side.
    private static let drawn: [ShapeKind: [[Drawing]]] = Dictionary(
        uniqueKeysWithValues: ShapeKind.allCases.map { kind in
            let sharp = sides.flatMap { side in (0..<4).map { draw(kind, side, dx: $0 & 1, dy: $0 >> 1) } }
            return (kind, blurs.map { sigma in sigma == 0 ? sharp : sharp.map { blurred($0, sigma) } })
        })

    private static func draw(_ kind: ShapeKind, _ side: Int, dx: Int, dy: Int) -> Drawing {
        let object = ShapesScene.Object(
            ColoredShape(.red, kind), left: Double(2 * margin + dx) / 2, top: Double(2 * margin + dy) / 2,
            side: Double(side) / 2)
        let width = side / 2 + 2 + 2 * margin
        let shares = (0..<width * width).map { Float(object.coverage($0 % width, $0 / width)) }
        return Drawing(width: width, shares: shares, mass: shares.reduce(0, +))
    }

    private static func blurred(_ drawing: Drawing, _ sigma: Double) -> Drawing {
        let taps = (-margin...margin).map { Float(exp(-Double($0 * $0) / (2 * sigma * sigma))) }
        let sum = taps.reduce(0, +)
        let width = drawing.width
        var shares = drawing.shares
        for (dx, dy) in [(1, 0), (0, 1)] {
            let source = shares
            for i in shares.indices {
                var total: Float = 0
                for k in -margin...margin {
                    let (x, y) = (i % width + k * dx, i / width + k * dy)
                    guard x >= 0, y >= 0, x < width, y < width else { continue }
                    total += taps[k + margin] * source[y * width + x]
                }
                shares[i] = total / sum
            }
        }
        return Drawing(width: width, shares: shares, mass: shares.reduce(0, +))
    }
}
