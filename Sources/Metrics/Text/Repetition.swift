import Tensors

/// How much texts repeat themselves and each other. Tokens are words, characters or codes.
public enum Repetition {
    /// distinct-n (Li et al. 2016, arXiv 1510.03055): different n-grams of all texts, divided by all n-grams; 0 where there are none.
    public static func distinct<Token: Hashable>(_ n: Int, _ texts: [[Token]]) -> Double {
        var grams = Grams<Token>()
        let all = texts.flatMap { ofOrder(n, $0, &grams) }
        return all.isEmpty ? 0 : Double(Set(all).count) / Double(all.count)
    }

    /// rep-n (Su et al. 2022, arXiv 2202.06417; Welleck et al. 2020): the share of n-grams that came before in their own
    /// text; 0 where there are none. Published as percent.
    public static func within<Token: Hashable>(_ n: Int, _ texts: [[Token]]) -> Double {
        var (different, total) = (0, 0)
        for text in texts {
            var grams = Grams<Token>()
            let all = ofOrder(n, text, &grams)
            different += Set(all).count
            total += all.count
        }
        return total == 0 ? 0 : 1 - Double(different) / Double(total)
    }

    /// The product of 1 - rep-n over n = 2, 3, 4 (the same): 1 where no text repeats two words.
    public static func diversity<Token: Hashable>(_ texts: [[Token]]) -> Double {
        (2...4).reduce(1) { $0 * (1 - within($1, texts)) }
    }

    /// The share of the texts' n-grams that occur in what a model was trained on, each counted as often as it occurs in the texts; 0
    /// where there are none.
    ///
    /// Training texts are gone through once and not kept.
    public static func copied<Token: Hashable>(
        _ texts: [[Token]], from training: some Sequence<[Token]>, n: Int = 4
    ) -> Double {
        var occurrences: [ArraySlice<Token>: Int] = [:]
        for text in texts {
            for gram in runs(n, text) { occurrences[gram, default: 0] += 1 }
        }
        let total = occurrences.values.reduce(0, +)
        guard total > 0 else { return 0 }
        var copied = 0
        for text in training {
            for gram in runs(n, text) { copied += occurrences.removeValue(forKey: gram) ?? 0 }
        }
        return Double(copied) / Double(total)
    }

    private static func ofOrder<Token>(_ n: Int, _ text: [Token], _ grams: inout Grams<Token>) -> [Int] {
        require(n > 0, "Repetition: n-grams with n = \(n)")
        return grams.numbers(text, order: n)[n - 1]
    }

    private static func runs<Token>(_ n: Int, _ text: [Token]) -> some Sequence<ArraySlice<Token>> {
        require(n > 0, "Repetition: n-grams with n = \(n)")
        return (0..<max(0, text.count - n + 1)).lazy.map { text[$0..<$0 + n] }
    }
}
