import Tensors

/// How alike texts of one set are, by BLEU among themselves (Zhu et al. 2018, arXiv 1802.01886): high where samples
/// repeat each other.
extension BLEU {
    /// Mean over all pairs i < j of the sentence BLEU of text i, its reference text j.
    ///
    /// BLEU is not symmetric: the order of the texts matters a little.
    public func amongPairs(_ texts: [String]) -> Double {
        require(texts.count > 1, "BLEU among pairs: \(texts.count) texts")
        var grams = Grams<Word>()
        let segments = texts.map { segment($0, &grams) }
        let limits = segments.map { Limits([$0]) }
        let sums = concurrently(texts.count) { i in
            (i + 1..<max(texts.count, i + 1)).reduce(0.0) { sum, j in
                sum + score(segments[i].tally(limits[j], lengths: CollectionOfOne(segments[j].length))).value
            }
        }
        return sums.reduce(0, +) / Double(texts.count * (texts.count - 1) / 2)
    }

    /// Mean over the texts of the sentence BLEU of each, its references all others.
    public func againstRest(_ texts: [String]) -> Double {
        require(texts.count > 1, "BLEU against the rest: \(texts.count) texts")
        var grams = Grams<Word>()
        let segments = texts.map { segment($0, &grams) }
        let most = Most(segments, order: order)
        let values = concurrently(texts.count) { i in
            let lengths = segments.enumerated().lazy.filter { $0.offset != i }.map(\.element.length)
            return score(segments[i].tally(most.limits(without: i, segments[i]), lengths: lengths)).value
        }
        return values.reduce(0, +) / Double(texts.count)
    }

    /// Of every n-gram the two texts that have it most often, so that the limits without any one text need not be counted anew.
    private struct Most {
        private struct Counts {
            var owner: Int
            var first: Int
            var second = 0
        }

        private var grams: [[Int: Counts]]

        init(_ segments: [Segment], order: Int) {
            grams = [[Int: Counts]](repeating: [:], count: order)
            for (i, segment) in segments.enumerated() {
                for (n, counts) in segment.counts.enumerated() {
                    for (gram, count) in counts.counts {
                        guard var known = grams[n][gram] else {
                            grams[n][gram] = Counts(owner: i, first: count)
                            continue
                        }
                        if count > known.first {
                            known = Counts(owner: i, first: count, second: known.first)
                        } else {
                            known.second = max(known.second, count)
                        }
                        grams[n][gram] = known
                    }
                }
            }
        }

        /// Limits for the n-grams of text i, which is left out.
        func limits(without i: Int, _ segment: Segment) -> Limits {
            Limits(
                segment.counts.enumerated().map { n, counts in
                    counts.counts.reduce(into: [:]) { limits, gram in
                        let known = grams[n][gram.key]!
                        limits[gram.key] = known.owner == i ? known.second : known.first
                    }
                })
        }
    }
}
