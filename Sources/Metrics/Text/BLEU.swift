import Glibc
import Tensors

/// BLEU (Papineni et al. 2002, section 2) as sacrebleu counts it (Post 2018, arXiv 1804.08771), 0 to 100.
///
/// Numbers are comparable where their signatures are equal; name the signature beside the number.
public struct BLEU: Sendable {
    /// What stands for the share of n-grams that match where none does (Chen & Cherry 2014).
    public enum Smoothing: Sendable, Equatable {
        case none
        /// That many matches, their method 1; 0.1 is usual.
        case floor(Double)
        /// That many added to matches and totals from n = 2 on, their method 2; 1 is usual.
        case addK(Double)
        /// 1/2 of a match for the first n, 1/4 for the next, ..., their method 3.
        case exponential
    }

    /// The release of sacrebleu that results were found equal to.
    public static let version = "2.6.0"

    public let tokenizer: Tokenizer
    public let smoothing: Smoothing
    /// Upper and lower case count as equal.
    public let lowercase: Bool
    /// Only n for which the hypothesis has n-grams count: for single sentences, which may have fewer than four words.
    public let effectiveOrder: Bool
    /// The longest n-grams.
    public let order: Int

    public init(
        tokenizer: Tokenizer = .thirteenA, smoothing: Smoothing = .exponential, lowercase: Bool = false,
        effectiveOrder: Bool = false, order: Int = 4
    ) {
        require(order > 0, "BLEU: order \(order)")
        self.tokenizer = tokenizer
        self.smoothing = smoothing
        self.lowercase = lowercase
        self.effectiveOrder = effectiveOrder
        self.order = order
    }

    /// references: for each hypothesis one or more.
    public func corpus(_ hypotheses: [String], _ references: [[String]]) -> Score {
        require(
            !hypotheses.isEmpty && hypotheses.count == references.count,
            "BLEU: \(hypotheses.count) hypotheses, references for \(references.count)")
        var tally = Tally(order: order)
        for (hypothesis, references) in zip(hypotheses, references) { tally.add(self.tally(hypothesis, references)) }
        return score(tally)
    }

    public func sentence(_ hypothesis: String, _ references: [String]) -> Score { score(tally(hypothesis, references)) }

    /// How a number came about, in sacrebleu's words.
    public func signature(_ references: [[String]]) -> String {
        let smoothing =
            switch smoothing {
            case .none: "none"
            case .floor(let value): "floor[\(hundredths(value))]"
            case .addK(let value): "add-k[\(hundredths(value))]"
            case .exponential: "exp"
            }
        return [
            "nrefs:" + referenceCount(references), "case:" + (lowercase ? "lc" : "mixed"),
            "eff:" + (effectiveOrder ? "yes" : "no"), "tok:" + tokenizer.rawValue, "smooth:" + smoothing,
            "version:" + Self.version,
        ].joined(separator: "|")
    }

    private func tally(_ hypothesis: String, _ references: [String]) -> Tally {
        require(!references.isEmpty, "BLEU: no references")
        var grams = Grams<Word>()
        let hypothesis = segment(hypothesis, &grams)
        let others = references.map { segment($0, &grams) }
        return hypothesis.tally(Limits(others), lengths: others.map(\.length))
    }

    func segment(_ text: String, _ grams: inout Grams<Word>) -> Segment {
        let tokens = tokenizer(text, lowercase: lowercase)
        return Segment(length: tokens.count, counts: grams.counts(tokens, order: order))
    }
}

/// "var" where texts have different numbers of references.
func referenceCount(_ references: [[String]]) -> String {
    let counts = Set(references.map(\.count))
    return counts.count == 1 ? "\(counts.first!)" : "var"
}

private func hundredths(_ value: Double) -> String {
    withVaList([value]) { arguments in
        var buffer = [CChar](repeating: 0, count: 400)
        vsnprintf(&buffer, buffer.count, "%.2f", arguments)
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
