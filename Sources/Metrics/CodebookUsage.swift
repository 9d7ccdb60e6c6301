import Glibc
import Tensors

/// How a codebook of K codes is used, counted over as many tokens as are added.
///
/// Count over a whole epoch or test set: a single batch has too few tokens to use every code.
public struct CodebookUsage: Sendable, Equatable {
    /// How often each code occurred, `[K]`.
    public private(set) var histogram: [Int]

    public init(codes: Int) {
        require(codes > 0, "CodebookUsage: \(codes) codes")
        histogram = [Int](repeating: 0, count: codes)
    }

    public mutating func add(_ tokens: Tokens) {
        for token in tokens.values {
            require(
                histogram.indices.contains(Int(token)),
                "CodebookUsage: token \(token) of \(histogram.count) codes")
            histogram[Int(token)] += 1
        }
    }

    /// Tokens counted.
    public var total: Int { histogram.reduce(0, +) }

    /// Share of codes that occurred at all.
    public var usedShare: Double { Double(histogram.count { $0 > 0 }) / Double(histogram.count) }

    /// exp of the entropy: K when all codes are equally frequent, 1 when only one occurs; 0 before anything
    /// was added.
    public var perplexity: Double {
        let total = Double(total)
        guard total > 0 else { return 0 }
        return exp(
            histogram.reduce(0.0) { sum, n in n == 0 ? sum : sum - Double(n) / total * log(Double(n) / total)
            })
    }
}
