import Tensors

/// Which positions of a sequence are known while the others are restored: spans that alternate (Strudel et al. 2022, arXiv 2211.04236,
/// section 3.4).
///
/// The number of spans n is drawn evenly from 1 to `most`, n - 1 different cuts are drawn, and every other span is known; which of the two
/// kinds the first is, a coin says. One span is all to be restored.
public struct SpanMask: Sendable, Equatable {
    public let most: Int

    public init(most: Int = 5) {
        require(most > 0, "SpanMask: \(most) spans")
        self.most = most
    }

    /// - Returns: for each of `length` positions whether it is known.
    public func draw(_ place: Noise, length: Int) -> [Bool] {
        require(length > 0, "SpanMask: a sequence of \(length)")
        let count = min(length, 1 + min(most - 1, Int(place("spans").uniformDouble() * Double(most))))
        guard count > 1 else { return [Bool](repeating: false, count: length) }
        let cuts = place("cuts").permutation(length - 1).prefix(count - 1).map { $0 + 1 }.sorted() + [length]
        var known = place("first").uniformDouble() < 0.5
        var (flags, start) = ([Bool](), 0)
        for cut in cuts {
            flags += [Bool](repeating: known, count: cut - start)
            (known, start) = (!known, cut)
        }
        return flags
    }
}
