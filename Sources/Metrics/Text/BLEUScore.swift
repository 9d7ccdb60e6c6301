import Glibc

extension BLEU {
    /// BLEU and what it is made of.
    public struct Score: Sendable, Equatable {
        /// 0 to 100.
        public let value: Double
        /// Shares of n-grams that match, percent, after smoothing; element n - 1.
        public let precisions: [Double]
        /// exp(1 - references' length / hypotheses' length) where the hypotheses are shorter, else 1.
        public let brevityPenalty: Double
        /// n-grams that match and all of the hypotheses, before smoothing; element n - 1.
        public let matches, totals: [Int]
        /// In tokens. Of several references the one nearest in length counts, the shorter of two as near.
        public let hypothesisLength, referenceLength: Int
    }

    /// What adds up over sentences.
    struct Tally {
        var matches, totals: [Int]
        var hypothesisLength = 0
        var referenceLength = 0

        init(order: Int) {
            matches = [Int](repeating: 0, count: order)
            totals = matches
        }

        mutating func add(_ other: Tally) {
            for n in matches.indices {
                matches[n] += other.matches[n]
                totals[n] += other.totals[n]
            }
            hypothesisLength += other.hypothesisLength
            referenceLength += other.referenceLength
        }
    }

    /// A text as BLEU sees it.
    struct Segment {
        let length: Int
        /// Element n - 1: of the n-grams.
        let counts: [GramCounts]

        /// What matches within limits; lengths: those of the references.
        func tally(_ limits: Limits, lengths: some Sequence<Int>) -> Tally {
            var tally = Tally(order: counts.count)
            for (n, counts) in counts.enumerated() {
                tally.totals[n] = counts.total
                tally.matches[n] = counts.counts.reduce(0) { $0 + min($1.value, limits.counts[n][$1.key] ?? 0) }
            }
            tally.hypothesisLength = length
            tally.referenceLength = lengths.min { (abs($0 - length), $0) < (abs($1 - length), $1) } ?? 0
            return tally
        }
    }

    /// How often an n-gram may match: as often as it occurs in the reference that has most of it.
    struct Limits {
        private(set) var counts: [[Int: Int]]

        init(_ counts: [[Int: Int]]) { self.counts = counts }

        init(_ references: [Segment]) {
            counts = references[0].counts.map(\.counts)
            for reference in references.dropFirst() {
                for (n, more) in reference.counts.enumerated() { counts[n].merge(more.counts, uniquingKeysWith: max) }
            }
        }
    }

    /// Brevity penalty times the geometric mean of the precisions.
    func score(_ tally: Tally) -> Score {
        let (own, other) = (Double(tally.hypothesisLength), Double(tally.referenceLength))
        let penalty = own >= other ? 1 : own > 0 ? exp(1 - other / own) : 0
        var precisions = [Double](repeating: 0, count: order)
        var reached = effectiveOrder ? 0 : order
        var halved = 1.0
        // Where nothing matches nothing is smoothed either.
        let isHopeless = tally.matches.allSatisfy { $0 == 0 }
        for n in 0..<order where !isHopeless {
            var (matches, total) = (Double(tally.matches[n]), Double(tally.totals[n]))
            if case .addK(let k) = smoothing, n > 0 {
                matches += k
                total += k
            }
            if total == 0 { break }
            if effectiveOrder { reached = n + 1 }
            if matches == 0 {
                switch smoothing {
                case .exponential:
                    halved /= 2
                    matches = halved
                case .floor(let value): matches = value
                case .none, .addK: break
                }
            }
            precisions[n] = 100 * matches / total
        }
        let value = isHopeless ? 0 : penalty * exp(precisions[..<reached].reduce(0) { $0 + log($1) } / Double(reached))
        return Score(
            value: value, precisions: precisions, brevityPenalty: penalty, matches: tally.matches, totals: tally.totals,
            hypothesisLength: tally.hypothesisLength, referenceLength: tally.referenceLength)
    }
}
