/// Draws anti-aliased shapes into RGB pixels.
struct Raster {
    let width: Int
    let height: Int
    /// Three floats from 0 to 255 a pixel, row by row.
    private var pixels: [Float]

    init(width: Int, height: Int, background: Palette.Colour) {
        self.width = width
        self.height = height
        pixels = []
        pixels.reserveCapacity(width * height * 3)
        for _ in 0..<width * height { pixels += [Float(background.0), Float(background.1), Float(background.2)] }
    }

    var rgb: [UInt8] { pixels.map { UInt8(max(0, min(255, $0.rounded()))) } }

    /// A polyline with round joins and ends. Overlaps of one line with itself are painted once.
    mutating func stroke(_ spots: [Spot], width: Double, _ colour: Palette.Colour, opacity: Double) {
        guard let first = spots.first else { return }
        strokeSegments(zip([first] + spots.dropLast(), spots).map { ($0, $1) }, width: width, colour, opacity: opacity)
    }

    /// Separate segments painted as one shape.
    mutating func strokeSegments(
        _ segments: [(Spot, Spot)], width: Double, _ colour: Palette.Colour, opacity: Double
    ) {
        let reach = width / 2 + 1
        guard var mask = Mask(around: segments.flatMap { [$0.0, $0.1] }, reach: reach, in: self) else { return }
        for (a, b) in segments {
            let rows = mask.rows(from: min(a.y, b.y) - reach, to: max(a.y, b.y) + reach)
            let columns = mask.columns(from: min(a.x, b.x) - reach, to: max(a.x, b.x) + reach)
            let (dx, dy) = (b.x - a.x, b.y - a.y)
            let square = dx * dx + dy * dy
            for row in rows {
                for column in columns {
                    let (x, y) = (Double(column) + 0.5 - a.x, Double(row) + 0.5 - a.y)
                    let part = square > 0 ? max(0, min(1, (x * dx + y * dy) / square)) : 0
                    let (u, v) = (x - part * dx, y - part * dy)
                    let cover = width / 2 + 0.5 - (u * u + v * v).squareRoot()
                    if cover > 0 { mask.raise(row, column, to: Float(min(1, min(width, cover)))) }
                }
            }
        }
        paint(mask, colour, opacity)
    }

    /// The inside of a closed outline by the even-odd rule.
    mutating func fill(_ spots: [Spot], _ colour: Palette.Colour, opacity: Double) {
        guard spots.count > 2, var mask = Mask(around: spots, reach: 1, in: self) else { return }
        let lines = 4  // sub-lines a pixel; along the line coverage is exact
        for row in mask.rows {
            for line in 0..<lines {
                let y = Double(row) + (Double(line) + 0.5) / Double(lines)
                var crossings: [Double] = []
                for (a, b) in zip(spots, spots.dropFirst() + spots.prefix(1)) where (a.y <= y) != (b.y <= y) {
                    crossings.append(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x))
                }
                crossings.sort()
                for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
                    for column in mask.columns(from: crossings[pair], to: crossings[pair + 1]) {
                        let cover = min(crossings[pair + 1], Double(column + 1)) - max(crossings[pair], Double(column))
                        if cover > 0 { mask.add(row, column, Float(cover) / Float(lines)) }
                    }
                }
            }
        }
        paint(mask, colour, opacity)
    }

    private mutating func paint(_ mask: Mask, _ colour: Palette.Colour, _ opacity: Double) {
        let target = [Float(colour.0), Float(colour.1), Float(colour.2)]
        for row in mask.rows {
            for column in mask.columns {
                let cover = mask[row, column] * Float(opacity)
                guard cover > 0 else { continue }
                let at = (row * width + column) * 3
                for channel in 0..<3 { pixels[at + channel] += (target[channel] - pixels[at + channel]) * cover }
            }
        }
    }
}

/// Coverage from 0 to 1 over the part of a raster that a shape can touch.
private struct Mask {
    let rows: Range<Int>
    let columns: Range<Int>
    private var cover: [Float]

    init?(around spots: [Spot], reach: Double, in raster: Raster) {
        guard let first = spots.first else { return nil }
        var (left, right, top, bottom) = (first.x, first.x, first.y, first.y)
        for spot in spots {
            guard spot.x.isFinite, spot.y.isFinite else { return nil }
            (left, right) = (min(left, spot.x), max(right, spot.x))
            (top, bottom) = (min(top, spot.y), max(bottom, spot.y))
        }
        columns = clampedPixels(left - reach, right + reach, 0..<raster.width)
        rows = clampedPixels(top - reach, bottom + reach, 0..<raster.height)
        guard !rows.isEmpty, !columns.isEmpty else { return nil }
        cover = [Float](repeating: 0, count: rows.count * columns.count)
    }

    func rows(from low: Double, to high: Double) -> Range<Int> { clampedPixels(low, high, rows) }
    func columns(from low: Double, to high: Double) -> Range<Int> { clampedPixels(low, high, columns) }

    subscript(_ row: Int, _ column: Int) -> Float {
        cover[(row - rows.lowerBound) * columns.count + column - columns.lowerBound]
    }

    mutating func raise(_ row: Int, _ column: Int, to value: Float) {
        let at = (row - rows.lowerBound) * columns.count + column - columns.lowerBound
        cover[at] = max(cover[at], value)
    }

    mutating func add(_ row: Int, _ column: Int, _ value: Float) {
        cover[(row - rows.lowerBound) * columns.count + column - columns.lowerBound] += value
    }
}

/// The pixels that the interval touches, within `bounds`.
private func clampedPixels(_ low: Double, _ high: Double, _ bounds: Range<Int>) -> Range<Int> {
    let from = max(Double(bounds.lowerBound), low.rounded(.down))
    let to = min(Double(bounds.upperBound), high.rounded(.up))
    return from < to ? Int(from)..<Int(to) : bounds.lowerBound..<bounds.lowerBound
}
