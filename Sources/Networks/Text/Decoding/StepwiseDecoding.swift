import Glibc
import Tensors

/// What sentences begin with, what ends them, and what is done to logits on the way.
public struct DecodingRules: Sendable {
    /// What the decoder is given first; no part of what it says.
    public var beginning: [Int32]
    /// Each of them ends a sentence.
    public var ends: [Int32]
    /// New tokens at most.
    public var length: Int
    /// In this order.
    public var processors: [any LogitsProcessor]

    public init(beginning: [Int32], ends: [Int32], length: Int, processors: [any LogitsProcessor] = []) {
        (self.beginning, self.ends, self.length, self.processors) = (beginning, ends, length, processors)
    }

    public init(_ tokens: SpecialTokens, length: Int, processors: [any LogitsProcessor] = []) {
        self.init(beginning: [tokens.start], ends: tokens.ends, length: length, processors: processors)
    }

    func check(_ decoder: some SequenceDecoder, _ name: StaticString) {
        require(length > 0 && !beginning.isEmpty, "\(name): \(length) tokens after \(beginning.count)")
        // What is said last is not taken in again.
        let most = beginning.count + length - 1
        require(
            decoder.longest.map { most <= $0 } ?? true,
            "\(name): \(most) tokens, at most \(decoder.longest ?? 0) fit the decoder")
        require(
            (beginning + ends).allSatisfy { 0..<decoder.vocabulary ~= Int($0) },
            "\(name): a token of \(beginning + ends) is not below \(decoder.vocabulary)")
    }

    /// The row after all processors.
    func processed(_ row: [Double], after tokens: [Int32]) -> [Double] {
        let said = SaidTokens(all: beginning + tokens, new: tokens.count)
        var row = row
        for processor in processors { processor.process(&row, after: said) }
        return row
    }
}

/// A sentence that a decoder said.
public struct Hypothesis: Sendable, Equatable {
    /// Without the beginning; the end is the last where it was reached.
    public var tokens: [Int32]
    /// Log chances after the processors, summed; a beam's are divided as its length penalty says.
    public var score: Double
    public var isEnded: Bool
}

/// The likeliest token at every step.
///
///     states: [B, M, C], mask: [B, M]
///     returns B hypotheses
public struct GreedySearch: Sendable {
    public var rules: DecodingRules

    public init(_ rules: DecodingRules) { self.rules = rules }

    public func callAsFunction(
        _ decoder: some SequenceDecoder, over states: Tensor, mask: Tensor? = nil
    ) -> [Hypothesis] {
        said(by: decoder, over: states, mask: mask, rules, each: 1) { row, _, _ in
            row.indices.dropFirst().reduce(0) { row[$1] > row[$0] ? $1 : $0 }
        }
    }
}

/// Draws a token at every step, each sentence's from places of its own: what a place says depends on nothing else in the batch.
///
///     states: [B, M, C], mask: [B, M], places: n for each of the B sources, a source's beside each other
///     returns B n hypotheses
public struct TokenSampling: Sendable {
    public var rules: DecodingRules

    /// - Parameters:
    ///   - topK: the likeliest alone, all when nil.
    ///   - share: the fewest tokens that hold so much of the chances, all when nil.
    public init(_ rules: DecodingRules, temperature: Double = 1, topK: Int? = nil, share: Double? = nil) {
        self.rules = rules
        if temperature != 1 { self.rules.processors.append(Temperature(temperature)) }
        if let topK { self.rules.processors.append(TopTokens(topK)) }
        if let share { self.rules.processors.append(Nucleus(share)) }
    }

    public func callAsFunction(
        _ decoder: some SequenceDecoder, over states: Tensor, mask: Tensor? = nil, places: [Noise]
    ) -> [Hypothesis] {
        let B = states.shape[0]
        require(
            B > 0 && places.count >= B && places.count % B == 0,
            "TokenSampling: \(places.count) places for states \(states.shape)")
        return said(by: decoder, over: states, mask: mask, rules, each: places.count / B) { row, sentence, step in
            drawn(row, at: places[sentence]("token")(step).uniformDouble())
        }
    }
}

/// The index at `quantile` of softmax(row), summed in double precision from the first index on.
package func drawn(_ row: [Double], at quantile: Double) -> Int {
    let total = logSumExp(row)
    let chances = row.map { exp($0 - total) }
    let aim = quantile * chances.reduce(0, +)
    var sum = 0.0
    for (i, chance) in chances.enumerated() where chance > 0 {
        sum += chance
        if aim < sum { return i }
    }
    return chances.lastIndex { $0 > 0 }!
}

/// Sentences said token by token, `each` of them for every source; a sentence that has ended leaves the batch.
///
/// - Parameter choose: a token by the processed row, the sentence's number and the step.
private func said(
    by decoder: some SequenceDecoder, over states: Tensor, mask: Tensor?, _ rules: DecodingRules, each: Int,
    choose: ([Double], Int, Int) -> Int
) -> [Hypothesis] {
    rules.check(decoder, "decoding")
    return withoutGradients {
        let memory = decoder.memory(of: states, mask: mask)
        var open = Array(0..<states.shape[0] * each)
        var sentences = open.map { _ in Hypothesis(tokens: [], score: 0, isEnded: false) }
        memory.reorder(open.map { $0 / each })
        var next = Tokens(open.flatMap { _ in rules.beginning }, [open.count, rules.beginning.count])
        for step in 0..<rules.length {
            let rows = rowsOfDoubles(decoder.logits(after: next, memory))
            for (sentence, row) in zip(open, rows) {
                let row = rules.processed(row, after: sentences[sentence].tokens)
                let total = logSumExp(row)
                require(total > -.infinity, "decoding: the processors leave no token at step \(step)")
                let token = choose(row, sentence, step)
                sentences[sentence].tokens.append(Int32(token))
                sentences[sentence].score += row[token] - total
                sentences[sentence].isEnded = rules.ends.contains(Int32(token))
            }
            let kept = open.indices.filter { !sentences[open[$0]].isEnded }
            if kept.isEmpty { break }
            memory.reorder(kept)
            open = kept.map { open[$0] }
            next = Tokens(open.map { sentences[$0].tokens.last! }, [open.count, 1])
        }
        return sentences
    }
}

/// `[R, V]` as R rows.
func rowsOfDoubles(_ logits: Tensor) -> [[Double]] {
    let (rows, columns) = logits.shape2
    let values = logits.values
    return (0..<rows).map { r in values[r * columns..<(r + 1) * columns].map(Double.init) }
}
