/// Bands of a spectrum, each with weights for a few bins that lie side by side.
public struct BandFilters: Sendable {
    public let bands: Int
    /// First bin of each band and how many it has.
    let spans: [Int32]
    /// Of all bands, one after the other.
    let weights: Tensor

    /// weights: `[bins, bands]`, most of them 0.
    public init(_ dense: Tensor) {
        let (bins, bands) = dense.shape2
        let values = dense.values
        var (spans, weights) = ([Int32](), [Float]())
        for band in 0..<bands {
            let heard = (0..<bins).filter { values[$0 * bands + band] != 0 }
            let first = heard.first ?? 0
            let count = heard.last.map { $0 - first + 1 } ?? 0
            spans += [Int32(first), Int32(count)]
            weights += (first..<first + count).map { values[$0 * bands + band] }
        }
        self.bands = bands
        self.spans = spans
        self.weights = Tensor(weights.isEmpty ? [0] : weights, [max(1, weights.count)])
    }
}

extension ShortTimeFourier {
    /// Weighted sums of the magnitudes in each band, of the frames that lie wholly in a signal. Without a gradient: from there on
    /// `spectra` and a product do the same.
    ///
    ///     x: [L], L at least size
    ///     returns [(L - size) / hop + 1, bands]
    public func bandMagnitudes(_ x: Tensor, _ filters: BandFilters) -> Tensor {
        require(x.rank == 1 && x.count >= size, "bandMagnitudes: a signal \(x.shape) for frames of \(size)")
        let y = Tensor(uninitialized: [(x.count - size) / hop + 1, filters.bands])
        backend.bandMagnitudes(
            x.detached().cast(to: .f32).contiguous(), hop: hop, window: window, turns: transform.turns, spans: filters.spans,
            weights: filters.weights, into: y)
        return y
    }
}
