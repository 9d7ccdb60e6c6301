import Tensors

/// The candidate that the others agree with most: the one of the highest summed BLEU against all (Kumar & Byrne 2004).
public struct MinimumRisk: Sendable {
    private let bleu = BLEU(effectiveOrder: true)

    public init() {}

    /// The first of equals; the only one where there is one.
    public func best(of candidates: [String]) -> Int {
        require(!candidates.isEmpty, "MinimumRisk: no candidates")
        guard candidates.count > 1 else { return 0 }
        let sums = candidates.map { candidate in
            candidates.reduce(0) { $0 + bleu.sentence(candidate, [$1]).value }
        }
        return sums.indices.reduce(0) { sums[$1] > sums[$0] ? $1 : $0 }
    }
}
