import Glibc

/// What a decoder has been given and has said.
public struct SaidTokens: Sendable {
    /// The beginning first.
    public let all: [Int32]
    /// How many of them it said itself.
    public let new: Int

    public init(all: [Int32], new: Int) { (self.all, self.new) = (all, new) }
}

/// Changes what a decoder thinks of the next token before one is chosen. Rows are logits; in beam search they are log chances.
public protocol LogitsProcessor: Sendable {
    /// - Parameter row: V numbers; minus infinity for what must not come.
    func process(_ row: inout [Double], after said: SaidTokens)
}

/// Makes tokens that came before less likely (Keskar et al. 2019, arXiv 1909.05858, section 4.1): positive numbers are divided, negative
/// ones multiplied.
public struct RepetitionPenalty: LogitsProcessor {
    public var penalty: Double

    public init(_ penalty: Double) { self.penalty = penalty }

    public func process(_ row: inout [Double], after said: SaidTokens) {
        for token in Set(said.all) where row.indices ~= Int(token) {
            row[Int(token)] *= row[Int(token)] < 0 ? penalty : 1 / penalty
        }
    }
}

/// No n tokens come twice in the same order (Paulus et al. 2017, arXiv 1705.04304, section 2.5).
public struct NoRepeatedRuns: LogitsProcessor {
    public var n: Int

    public init(of n: Int) { self.n = n }

    public func process(_ row: inout [Double], after said: SaidTokens) {
        let tokens = said.all
        guard n > 0, tokens.count >= n else { return }
        let beginning = tokens.suffix(n - 1)
        for last in n - 1..<tokens.count where tokens[last - n + 1..<last].elementsEqual(beginning) {
            row[Int(tokens[last])] = -.infinity
        }
    }
}

/// The sentence does not end before it has so many tokens.
public struct MinimumLength: LogitsProcessor {
    public var length: Int
    public var ends: [Int32]

    public init(_ length: Int, ends: [Int32]) { (self.length, self.ends) = (length, ends) }

    public func process(_ row: inout [Double], after said: SaidTokens) {
        if said.new < length { for end in ends { row[Int(end)] = -.infinity } }
    }
}

/// One token comes at a certain place whatever the decoder thinks.
public struct ForcedToken: LogitsProcessor {
    public var token: Int32
    /// Counted from 0, without the beginning.
    public var place: Int

    public init(_ token: Int32, at place: Int) { (self.token, self.place) = (token, place) }

    /// The first token of every sentence, such as the language it is in.
    public static func first(_ token: Int32) -> ForcedToken { ForcedToken(token, at: 0) }
    /// The end, at the last place there is.
    public static func last(_ token: Int32, length: Int) -> ForcedToken { ForcedToken(token, at: length - 1) }

    public func process(_ row: inout [Double], after said: SaidTokens) {
        guard said.new == place else { return }
        for i in row.indices { row[i] = i == Int(token) ? 0 : -.infinity }
    }
}

/// Tokens that never come, or not as the first.
public struct SuppressedTokens: LogitsProcessor {
    public var tokens: [Int32]
    public var atFirstOnly: Bool

    public init(_ tokens: [Int32], atFirstOnly: Bool = false) { (self.tokens, self.atFirstOnly) = (tokens, atFirstOnly) }

    public func process(_ row: inout [Double], after said: SaidTokens) {
        if atFirstOnly && said.new > 0 { return }
        for token in tokens { row[Int(token)] = -.infinity }
    }
}

/// Runs of tokens that are not said to their end.
public struct BannedRuns: LogitsProcessor {
    public var runs: [[Int32]]

    public init(_ runs: [[Int32]]) { self.runs = runs }

    public func process(_ row: inout [Double], after said: SaidTokens) {
        for run in runs {
            if let last = run.last, said.all.suffix(run.count - 1).elementsEqual(run.dropLast()) { row[Int(last)] = -.infinity }
        }
    }
}

/// Divides, so that chances are sharper below 1 and flatter above.
public struct Temperature: LogitsProcessor {
    public var temperature: Double

    public init(_ temperature: Double) { self.temperature = temperature }

    public func process(_ row: inout [Double], after said: SaidTokens) {
        for i in row.indices { row[i] /= temperature }
    }
}

/// The k likeliest tokens, and those that are as likely as the last of them (Fan et al. 2018, arXiv 1805.04833).
public struct TopTokens: LogitsProcessor {
    public var k: Int

    public init(_ k: Int) { self.k = k }

    public func process(_ row: inout [Double], after said: SaidTokens) {
        guard k > 0, k < row.count else { return }
        let least = row.sorted(by: >)[k - 1]
        for i in row.indices where row[i] < least { row[i] = -.infinity }
    }
}

/// The fewest tokens that hold a share p of the chances (Holtzman et al. 2020, arXiv 1904.09751); the likeliest always stays.
public struct Nucleus: LogitsProcessor {
    public var share: Double

    public init(_ share: Double) { self.share = share }

    public func process(_ row: inout [Double], after said: SaidTokens) {
        let order = row.indices.sorted { row[$0] != row[$1] ? row[$0] > row[$1] : $0 < $1 }
        let total = logSumExp(row)
        var before = 0.0
        for (rank, i) in order.enumerated() {
            let chance = exp(row[i] - total)
            if rank > 0 && before >= share { row[i] = -.infinity }
            before += chance
        }
    }
}

/// In double precision.
func logSumExp(_ row: [Double]) -> Double {
    let top = row.max() ?? -.infinity
    guard top > -.infinity else { return top }
    return top + log(row.reduce(0) { $0 + exp($1 - top) })
}

extension [any LogitsProcessor] {
    /// Rules that decoding may have, each where it says something: 1 is no penalty, 0 no length.
    ///
    /// - Parameters:
    ///   - noRepeat: no so many tokens come twice in the same order.
    ///   - shortest: tokens before one of the `ends`.
    public static func rules(repetitionPenalty: Double, noRepeat: Int, shortest: Int, ends: [Int32]) -> Self {
        var rules: Self = []
        if repetitionPenalty != 1 { rules.append(RepetitionPenalty(repetitionPenalty)) }
        if noRepeat > 0 { rules.append(NoRepeatedRuns(of: noRepeat)) }
        if shortest > 0 { rules.append(MinimumLength(shortest, ends: ends)) }
        return rules
    }
}
