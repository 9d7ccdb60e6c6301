import Tensors

/// ROUGE (Lin 2004), how much of a reference a text has kept, as Google's rouge-score 0.1.2 counts it.
///
/// Words are runs of the letters a to z and digits after lower-casing; anything else, other scripts too, only separates them.
public struct ROUGE: Sendable {
    /// What is compared.
    public enum Kind: Sendable, Hashable {
        /// n-grams (section 2).
        case n(Int)
        /// The longest common subsequence of the whole texts (section 3.1).
        case l
        /// For every line of the reference the union of its longest common subsequences with the other's lines (section 3.2), where no
        /// word counts more often than it occurs.
        case lsum
    }

    /// 0 to 1 each.
    public struct Score: Sendable, Equatable {
        public let precision, recall, f: Double

        /// Common parts, those of the hypothesis and of the reference.
        init(_ common: Int, of hypothesis: Int, and reference: Int) {
            let (precision, recall) = (Double(common) / Double(max(1, hypothesis)), Double(common) / Double(max(1, reference)))
            let f = precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0
            self.init(precision: precision, recall: recall, f: f)
        }

        init(precision: Double, recall: Double, f: Double) {
            self.precision = precision
            self.recall = recall
            self.f = f
        }
    }

    /// Words of more than three letters are compared by their Porter stems.
    public let stemming: Bool

    public init(stemming: Bool = false) { self.stemming = stemming }

    public func score(_ kind: Kind, _ hypothesis: String, _ reference: String) -> Score {
        let (hypothesis, reference) = (Array(hypothesis.unicodeScalars), Array(reference.unicodeScalars))
        switch kind {
        case .n(let n):
            require(n > 0, "ROUGE: n-grams with n = \(n)")
            var grams = Grams<Word>()
            let own = grams.counts(tokens(hypothesis), order: n)[n - 1]
            let other = grams.counts(tokens(reference), order: n)[n - 1]
            return Score(own.common(other), of: own.total, and: other.total)
        case .l:
            let (own, other) = (tokens(hypothesis), tokens(reference))
            return Score(CommonSubsequence(other, own).length, of: own.count, and: other.count)
        case .lsum:
            func lines(_ text: Word) -> [[Word]] { text.split(separator: "\n").map { tokens(Array($0)) } }
            return union(lines(hypothesis), lines(reference))
        }
    }

    /// Beside several references the best by F, the first of equally good ones.
    public func score(_ kind: Kind, _ hypothesis: String, _ references: [String]) -> Score {
        require(!references.isEmpty, "ROUGE: no references")
        let all = references.map { score(kind, hypothesis, $0) }
        return all.dropFirst().reduce(all[0]) { $1.f > $0.f ? $1 : $0 }
    }

    /// Mean over texts of each of the three.
    public func mean(_ kind: Kind, _ hypotheses: [String], _ references: [[String]]) -> Score {
        require(
            !hypotheses.isEmpty && hypotheses.count == references.count,
            "ROUGE: \(hypotheses.count) hypotheses, references for \(references.count)")
        let all = zip(hypotheses, references).map { score(kind, $0, $1) }
        func mean(_ part: (Score) -> Double) -> Double { all.reduce(0) { $0 + part($1) } / Double(all.count) }
        return Score(precision: mean(\.precision), recall: mean(\.recall), f: mean(\.f))
    }

    private func tokens(_ text: Word) -> [Word] {
        lowercase(text).split { !("a"..."z" ~= $0 || "0"..."9" ~= $0) }.map {
            stemming && $0.count > 3 ? PorterStemmer.stem(Array($0)) : Array($0)
        }
    }

    private func union(_ hypothesis: [[Word]], _ reference: [[Word]]) -> Score {
        // How often each word may still count.
        func supply(_ lines: [[Word]]) -> [Word: Int] { lines.joined().reduce(into: [:]) { $0[$1, default: 0] += 1 } }
        var (own, other) = (supply(hypothesis), supply(reference))
        var hits = 0
        for line in reference {
            let places = hypothesis.reduce(into: Set<Int>()) { $0.formUnion(CommonSubsequence(line, $1).places) }
            for place in places.sorted() where own[line[place], default: 0] > 0 && other[line[place], default: 0] > 0 {
                hits += 1
                own[line[place]]! -= 1
                other[line[place]]! -= 1
            }
        }
        return Score(hits, of: hypothesis.joined().count, and: reference.joined().count)
    }
}
