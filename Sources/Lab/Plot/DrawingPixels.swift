import Tensors

extension Drawing {
    /// The drawing on white as RGB bytes, row by row.
    ///
    /// - Parameter scale: pixels a point.
    public func pixels(scale: Double = 2) -> (width: Int, height: Int, rgb: [UInt8]) {
        require(scale > 0, "Drawing.pixels: scale \(scale)")
        var raster = Raster(
            width: Int((width * scale).rounded(.up)), height: Int((height * scale).rounded(.up)),
            background: Palette.colour(.paper))
        func scaled(_ spots: [Spot]) -> [Spot] { spots.map { Spot($0.x * scale, $0.y * scale) } }
        for mark in marks {
            switch mark {
            case .line(let spots, let ink, let width, let opacity, let dashed):
                for part in dashed ? dashes(spots) : [spots] {
                    raster.stroke(scaled(part), width: width * scale, Palette.colour(ink), opacity: opacity)
                }
            case .area(let spots, let ink, let opacity):
                raster.fill(scaled(spots), Palette.colour(ink), opacity: opacity)
            case .disc(let spot, let radius, let ink):
                raster.stroke(scaled([spot, spot]), width: 2 * radius * scale, Palette.colour(ink), opacity: 1)
            case .text(let text, let spot, let size, let anchor, let ink, let bold, let upward):
                let strokes = StrokeText(text, at: spot, size: size, anchor: anchor, bold: bold, upward: upward)
                raster.strokeSegments(
                    strokes.segments.map { (Spot($0.x * scale, $0.y * scale), Spot($1.x * scale, $1.y * scale)) },
                    width: strokes.width * scale, Palette.colour(ink), opacity: 1)
            }
        }
        return (raster.width, raster.height, raster.rgb)
    }

    /// The line cut into dashes of five points with gaps of four.
    private func dashes(_ spots: [Spot]) -> [[Spot]] {
        var parts: [[Spot]] = []
        var drawing = true
        var left = 5.0
        var part = Array(spots.prefix(1))
        for (from, to) in zip(spots, spots.dropFirst()) {
            var here = from
            while true {
                let (dx, dy) = (to.x - here.x, to.y - here.y)
                let length = (dx * dx + dy * dy).squareRoot()
                guard length.isFinite, length >= left else {
                    left -= length.isFinite ? length : 0
                    if drawing { part.append(to) }
                    break
                }
                here = Spot(here.x + dx * left / length, here.y + dy * left / length)
                if drawing { parts.append(part + [here]) }
                drawing.toggle()
                part = [here]
                left = drawing ? 5 : 4
            }
        }
        if drawing, part.count > 1 { parts.append(part) }
        return parts
    }
}

/// Text as pen strokes: neighbouring dots of a 5 by 7 letter joined by lines, so that it scales and turns.
struct StrokeText {
    private(set) var segments: [(Spot, Spot)] = []
    let width: Double

    init(_ text: String, at spot: Spot, size: Double, anchor: Drawing.Anchor, bold: Bool, upward: Bool) {
        let (across, down) = (size * (bold ? 0.1 : 0.095), size * 0.118)  // one dot of the letter grid
        width = size * (bold ? 0.135 : 0.09)
        let total = Double(text.count) * 6 * across - across
        var left = anchor == .start ? 0 : anchor == .middle ? -total / 2 : -total
        for character in text {
            let rows = DotLetters.rows(of: character)
            func lit(_ x: Int, _ y: Int) -> Bool {
                (0..<5).contains(x) && (0..<DotLetters.height).contains(y) && rows[y] & (16 >> UInt8(x)) != 0
            }
            func place(_ x: Int, _ y: Int) -> Spot {
                let (u, v) = (left + Double(x) * across, Double(y - 6) * down)
                return upward ? Spot(spot.x + v, spot.y - u) : Spot(spot.x + u, spot.y + v)
            }
            for y in 0..<DotLetters.height {
                for x in 0..<5 where lit(x, y) {
                    let (right, below) = (lit(x + 1, y), lit(x, y + 1))
                    if right { segments.append((place(x, y), place(x + 1, y))) }
                    if below { segments.append((place(x, y), place(x, y + 1))) }
                    // A slanting step, unless a corner already joins the two.
                    if lit(x + 1, y + 1), !right, !below { segments.append((place(x, y), place(x + 1, y + 1))) }
                    if lit(x - 1, y + 1), !lit(x - 1, y), !below { segments.append((place(x, y), place(x - 1, y + 1))) }
                    segments.append((place(x, y), place(x, y)))
                }
            }
            left += 6 * across
        }
    }
}
