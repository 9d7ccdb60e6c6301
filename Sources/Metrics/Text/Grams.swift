/// Numbers n-grams, runs of n neighbouring tokens: equal ones have equal numbers in every text that the same value has seen.
///
/// A gram is numbered by the number of what comes before its last token, and that token's: tokens are hashed once, not n times.
struct Grams<Token: Hashable> {
    private struct Key: Hashable {
        let start, token: Int
    }

    private var tokens: [Token: Int] = [:]
    private var grams: [Key: Int] = [:]

    /// Element n - 1: the numbers of the n-grams of `text` by place, for n up to `order`.
    mutating func numbers(_ text: [Token], order: Int) -> [[Int]] {
        let single = text.map { Self.number($0, in: &tokens) }
        var result: [[Int]] = []
        var starts = [Int](repeating: -1, count: text.count)
        for n in 1...order {
            starts = (0..<max(0, text.count - n + 1)).map { i in
                Self.number(Key(start: starts[i], token: single[i + n - 1]), in: &grams)
            }
            result.append(starts)
        }
        return result
    }

    /// The same with how often each occurs instead of where.
    mutating func counts(_ text: [Token], order: Int) -> [GramCounts] { numbers(text, order: order).map(GramCounts.init) }

    private static func number<T>(_ key: T, in known: inout [T: Int]) -> Int {
        if let number = known[key] { return number }
        known[key] = known.count
        return known.count - 1
    }
}

/// How often each n-gram of one order occurs in a text.
struct GramCounts {
    private(set) var counts: [Int: Int] = [:]
    /// All of them, repeated ones as often as they occur.
    private(set) var total = 0

    init(_ numbers: [Int]) {
        counts.reserveCapacity(numbers.count)
        for number in numbers { counts[number, default: 0] += 1 }
        total = numbers.count
    }

    /// How many occur in both, each as often as in the text that has it less often.
    func common(_ other: GramCounts) -> Int {
        counts.reduce(0) { sum, gram in sum + min(gram.value, other.counts[gram.key] ?? 0) }
    }
}
