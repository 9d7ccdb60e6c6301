import Tensors

/// F-score of character n-grams (Popović 2015), with `wordOrder: 2` chrF++ (Popović 2017), as sacrebleu counts it, 0 to 100.
public struct ChrF: Sendable {
    /// The release of sacrebleu that results were found equal to.
    public static let version = BLEU.version

    /// The longest n-grams of characters, and of words with their punctuation apart.
    public let characterOrder, wordOrder: Int
    /// Recall counts β² times as much as precision.
    public let beta: Int
    /// Upper and lower case count as equal.
    public let lowercase: Bool
    /// White space counts as characters.
    public let whitespace: Bool
    /// F of every order is averaged, orders without n-grams with a share of 1e-16; else precision and recall are, over orders that both
    /// sides have.
    public let smoothed: Bool

    /// n-grams of one order: the hypothesis', the reference's and those in both.
    public struct Order: Sendable, Equatable {
        public internal(set) var hypothesis, reference, matches: Int
    }

    /// chrF and what it is made of.
    public struct Score: Sendable, Equatable {
        /// 0 to 100.
        public let value: Double
        /// Characters' first, words' after them.
        public let orders: [Order]
    }

    public init(
        characterOrder: Int = 6, wordOrder: Int = 0, beta: Int = 2, lowercase: Bool = false, whitespace: Bool = false,
        smoothed: Bool = false
    ) {
        require(characterOrder > 0 && wordOrder >= 0 && beta > 0, "ChrF: orders \(characterOrder), \(wordOrder), beta \(beta)")
        self.characterOrder = characterOrder
        self.wordOrder = wordOrder
        self.beta = beta
        self.lowercase = lowercase
        self.whitespace = whitespace
        self.smoothed = smoothed
    }

    /// references: for each hypothesis one or more; that with the best score counts.
    public func corpus(_ hypotheses: [String], _ references: [[String]]) -> Score {
        require(
            !hypotheses.isEmpty && hypotheses.count == references.count,
            "ChrF: \(hypotheses.count) hypotheses, references for \(references.count)")
        var sum = [Order](repeating: Order(hypothesis: 0, reference: 0, matches: 0), count: characterOrder + wordOrder)
        for (hypothesis, references) in zip(hypotheses, references) {
            for (n, order) in best(hypothesis, references).enumerated() {
                sum[n].hypothesis += order.hypothesis
                sum[n].reference += order.reference
                sum[n].matches += order.matches
            }
        }
        return Score(value: f(sum), orders: sum)
    }

    public func sentence(_ hypothesis: String, _ references: [String]) -> Score {
        let orders = best(hypothesis, references)
        return Score(value: f(orders), orders: orders)
    }

    /// How a number came about, in sacrebleu's words.
    public func signature(_ references: [[String]]) -> String {
        [
            "nrefs:" + referenceCount(references), "case:" + (lowercase ? "lc" : "mixed"), "eff:" + (smoothed ? "no" : "yes"),
            "nc:\(characterOrder)", "nw:\(wordOrder)", "space:" + (whitespace ? "yes" : "no"), "version:" + Self.version,
        ].joined(separator: "|")
    }

    private func best(_ hypothesis: String, _ references: [String]) -> [Order] {
        require(!references.isEmpty, "ChrF: no references")
        var (characters, words) = (Grams<Unicode.Scalar>(), Grams<Word>())
        let own = counts(hypothesis, &characters, &words)
        let all = references.map { reference in
            zip(own, counts(reference, &characters, &words)).map { own, other in
                // A hypothesis is not blamed for n-grams that its reference is too short for.
                Order(hypothesis: other.total > 0 ? own.total : 0, reference: other.total, matches: own.common(other))
            }
        }
        let scores = all.map(f)
        // The first of equally good ones.
        return all[scores.firstIndex(of: scores.max()!)!]
    }

    private func counts(_ text: String, _ characters: inout Grams<Unicode.Scalar>, _ words: inout Grams<Word>) -> [GramCounts] {
        var text = Array(text.unicodeScalars)
        if lowercase { text = Metrics.lowercase(text) }
        let counts = characters.counts(whitespace ? text : text.filter { !isSpace($0) }, order: characterOrder)
        guard wordOrder > 0 else { return counts }
        return counts + words.counts(Metrics.words(of: text).flatMap(parted), order: wordOrder)
    }

    /// A word and the one mark after it or, if there is none, before it.
    private func parted(_ word: Word) -> [Word] {
        guard word.count > 1 else { return [word] }
        if isASCIIPunctuation(word.last!) { return [Array(word.dropLast()), [word.last!]] }
        if isASCIIPunctuation(word[0]) { return [[word[0]], Array(word.dropFirst())] }
        return [word]
    }

    /// F_β, percent.
    private func f(_ orders: [Order]) -> Double {
        let (weight, least) = (Double(beta * beta), 1e-16)
        func share(_ part: Int, _ whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : least }
        let shares = orders.map { (precision: share($0.matches, $0.hypothesis), recall: share($0.matches, $0.reference)) }
        func mean(_ p: Double, _ r: Double) -> Double? { p + r > 0 ? (1 + weight) * p * r / (weight * p + r) : nil }
        if smoothed {
            return 100 * shares.reduce(0) { $0 + (mean($1.precision, $1.recall) ?? least) } / Double(orders.count)
        }
        let both = zip(orders, shares).filter { $0.0.hypothesis > 0 && $0.0.reference > 0 }.map(\.1)
        let count = Double(max(1, both.count))
        return 100 * (mean(both.reduce(0) { $0 + $1.precision } / count, both.reduce(0) { $0 + $1.recall } / count) ?? 0)
    }
}
