import Tensors

/// How long sequences are, as training saw them: what a generator draws a length from that is told none (Lovelace et al. 2023, arXiv
/// 2212.09462, section 4.2).
public struct LengthHistogram: Sendable, Equatable {
    /// How many sequences had 1, 2, ... places.
    public private(set) var counts: [Int]

    public init(counts: [Int]) {
        require(!counts.isEmpty && counts.allSatisfy { $0 >= 0 }, "LengthHistogram: counts \(counts)")
        self.counts = counts
    }

    public mutating func add(_ length: Int) { counts[length - 1] += 1 }

    /// A length, each as likely as it was often; the greatest where nothing was seen.
    public func draw(_ place: Noise) -> Int {
        var rest = place.uniformDouble() * Double(counts.reduce(0, +))
        let index = counts.firstIndex { count in
            rest -= Double(count)
            return rest < 0
        }
        return (index ?? counts.count - 1) + 1
    }

    /// 1 for the places that each sequence has: `[lengths.count, greatest]`.
    public func mask(_ lengths: [Int]) -> Tensor {
        Tensor(lengths.flatMap { length in counts.indices.map { $0 < length ? 1 : 0 } }, [lengths.count, counts.count])
    }
}
