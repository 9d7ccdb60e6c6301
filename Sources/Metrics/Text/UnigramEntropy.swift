import Glibc
import Tensors

/// Entropy of the frequencies of tokens: low where texts are made of few different ones.
///
/// Papers on text diffusion publish the mean over samples in nats; it grows with the samples' length.
public struct UnigramEntropy: Sendable, Equatable {
    public let nats: Double
    public var bits: Double { nats / log(2) }

    /// Of the frequencies in one text; 0 for none.
    public init<Token: Hashable>(_ text: [Token]) {
        var counts: [Token: Int] = [:]
        for token in text { counts[token, default: 0] += 1 }
        let total = Double(text.count)
        // Sorted, so that the bits do not depend on a dictionary's order.
        nats = counts.values.sorted().reduce(0) { $0 - Double($1) / total * log(Double($1) / total) }
    }

    /// Of the frequencies in all texts together.
    public init<Token: Hashable>(pooled texts: [[Token]]) { self.init(Array(texts.joined())) }

    /// Mean over the texts of each one's entropy.
    public init<Token: Hashable>(meanOf texts: [[Token]]) {
        require(!texts.isEmpty, "UnigramEntropy: no texts")
        nats = texts.reduce(0) { $0 + UnigramEntropy($1).nats } / Double(texts.count)
    }
}
