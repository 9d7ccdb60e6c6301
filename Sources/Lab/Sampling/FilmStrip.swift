import Media
import Systems
import Tensors

/// Frames of samples as one picture: a row for each sample from its first frame to the sample itself, and where a critic was asked a
/// row with how real it found the tokens, from dark violet for made up to yellow for real.
struct FilmStrip {
    private let every: Int
    private var rows: [Int: (pictures: [Picture], realness: [Picture?])] = [:]

    /// - Parameter every: which samples are shown: the first, and every so many after it.
    init(every: Int = 1) { self.every = every }

    mutating func add(_ frame: FilmFrame) {
        for (i, picture) in frame.pictures.enumerated() where (frame.first + i) % every == 0 {
            let heat = frame.realness.map { Self.heat($0.slice(0, i..<i + 1).squeezed(0), like: picture) }
            rows[frame.first + i, default: ([], [])].pictures.append(picture)
            rows[frame.first + i]!.realness.append(heat)
        }
    }

    /// Nil where no frame was seen.
    var picture: Picture? {
        guard !rows.isEmpty else { return nil }
        let strips = rows.sorted { $0.key < $1.key }.map(\.value)
        let columns = strips[0].pictures.count
        let blank = Picture(width: 1, height: 1, channels: 3, pixels: [255, 255, 255])
        let cells = strips.flatMap { strip in
            strip.pictures + (strip.realness.contains { $0 != nil } ? strip.realness.map { $0 ?? blank } : [])
        }
        return .grid(cells, columns: columns, padding: 4, scale: max(1, 96 / strips[0].pictures[0].width))
    }

    /// `[rows, columns]` in [0, 1] as colours.
    private static func heat(_ realness: Tensor, like picture: Picture) -> Picture {
        var result = Picture(width: picture.width, height: picture.height, filledWith: [0, 0, 0])
        let (rows, columns) = (realness.shape[0], realness.shape[1])
        let values = realness.values
        for y in 0..<picture.height {
            for x in 0..<picture.width {
                let value = values[picture.cell(x: x, y: y, rows: rows, columns: columns)]
                let (red, green, blue) = Palette.colour(Palette.heat(Double(value)))
                (result[x, y, 0], result[x, y, 1], result[x, y, 2]) = (red, green, blue)
            }
        }
        return result
    }
}
