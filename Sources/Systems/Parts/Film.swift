import Media
import Tensors

/// Who sees what becomes of samples while they are made.
public struct Film {
    /// How many steps of a run are shown, as evenly as they come, the last among them.
    public let frames: Int
    public let show: (FilmFrame) throws -> Void

    public init(frames: Int = 8, show: @escaping (FilmFrame) throws -> Void) {
        self.frames = max(1, frames)
        self.show = show
    }

    func shows(_ index: Int, of count: Int) -> Bool {
        let shown = min(frames, count)
        return (index + 1) * shown / count > index * shown / count
    }
}

/// One moment of some samples.
public struct FilmFrame: Sendable {
    /// Number of the first of them, in the order of delivery.
    public let first: Int
    /// The step, counted from 0, and how many there are.
    public let index, count: Int
    /// What the samples are expected to become; gray where tokens are still masked. Empty of sentences.
    public let pictures: [Picture]
    /// Of sentences, the same.
    public let texts: [String]
    /// How real a critic found each token, `[B, rows, columns]` in [0, 1]; nil where none was asked.
    public let realness: Tensor?

    public init(
        first: Int, index: Int, count: Int, pictures: [Picture] = [], texts: [String] = [], realness: Tensor? = nil
    ) {
        (self.first, self.index, self.count) = (first, index, count)
        (self.pictures, self.texts, self.realness) = (pictures, texts, realness)
    }
}

extension Picture {
    /// Faded towards gray in the cells, of a grid of `rows`, that `isFaded` marks row by row.
    func faded(_ isFaded: some RandomAccessCollection<Bool>, rows: Int) -> Picture {
        var result = self
        let columns = isFaded.count / rows
        for y in 0..<height {
            for x in 0..<width {
                let cell = self.cell(x: x, y: y, rows: rows, columns: columns)
                guard isFaded[isFaded.index(isFaded.startIndex, offsetBy: cell)] else { continue }
                for c in 0..<channels { result[x, y, c] = UInt8((Int(self[x, y, c]) + 3 * 128) / 4) }
            }
        }
        return result
    }
}
