import Glibc
import Networks
import TestKit
import Tensors
import Testing

/// What a decoder says, beside transformers' `generate` and beside what can be counted.
@Suite struct DecodingTests {
    static let models = ["bart", "t5", "t5_gated"]

    static func model(_ name: String) throws -> any SpeakingModel {
        let folder = name == "bart" ? try PublishedModels.bart() : try PublishedModels.t5(name)
        return name == "bart" ? try BART.load(folder.path) : try T5.load(folder.path)
    }

    /// Twelve new tokens at most, as in `seq2seq.py`.
    static func rules(_ model: any SpeakingModel, _ processors: (Int32) -> [any LogitsProcessor]) -> DecodingRules {
        DecodingRules(model.tokens, length: 12, processors: processors(model.tokens.ends[0]))
    }

    static let greedy: [(String, @Sendable (Int32) -> [any LogitsProcessor])] = [
        ("greedy", { _ in [] }), ("greedy.penalised", { _ in [RepetitionPenalty(1.4)] }),
        ("greedy.ngrams", { _ in [NoRepeatedRuns(of: 2)] }),
        ("greedy.forced", { [MinimumLength(5, ends: [$0]), ForcedToken.first(7), ForcedToken.last($0, length: 12)] }),
        (
            "greedy.suppressed",
            { _ in [BannedRuns([[12], [13, 14]]), SuppressedTokens([8, 9]), SuppressedTokens([10, 11], atFirstOnly: true)] }
        ),
    ]

    static func beams(_ model: any SpeakingModel) -> [(String, BeamSearch)] {
        let plain = rules(model) { _ in [] }
        let endless = rules(model) { [SuppressedTokens([$0])] }
        let constrained = rules(model) {
            [
                RepetitionPenalty(1.2), NoRepeatedRuns(of: 3), MinimumLength(4, ends: [$0]), ForcedToken.first(3),
                ForcedToken.last($0, length: 12),
            ]
        }
        return [
            ("beam.plain", BeamSearch(plain, beams: 4)),
            ("beam.full", BeamSearch(plain, beams: 4, lengthPenalty: 2, stopping: .full, returned: 4)),
            ("beam.never", BeamSearch(plain, beams: 3, lengthPenalty: 0.6, stopping: .hopeless, returned: 2)),
            ("beam.short", BeamSearch(plain, beams: 3, lengthPenalty: -1, stopping: .hopeless)),
            ("beam.canonical", BeamSearch(plain, beams: 5, lengthPenalty: 0, stopping: .hopeless, returned: 5)),
            ("beam.endless", BeamSearch(endless, beams: 4, returned: 2)),
            ("beam.constrained", BeamSearch(constrained, beams: 4, lengthPenalty: 2, stopping: .full, returned: 3)),
        ]
    }

    static func expectSame(_ found: [Hypothesis], _ golden: Golden, _ name: String, ends: [Int32]) {
        let (tokens, scores) = (golden.tokens(name + ".tokens"), golden[name + ".scores"].values)
        #expect(found.count == scores.count, "\(name)")
        for (i, hypothesis) in found.enumerated() {
            let expected = tokens.values[12 * i..<12 * (i + 1)].filter { $0 >= 0 }
            #expect(hypothesis.tokens == expected, "\(name) \(i)")
            #expect(abs(hypothesis.score - Double(scores[i])) < 1e-4 * max(1, abs(Double(scores[i]))), "\(name) \(i)")
            #expect(hypothesis.isEnded == ends.contains(expected.last!), "\(name) \(i)")
        }
    }

    @Test(arguments: models) func `the likeliest tokens are those of transformers`(name: String) throws {
        let (golden, model) = (Golden(name), try Self.model(name))
        let mask = golden.mask()
        let states = withoutGradients { model.encode(golden.tokens("ids"), mask: mask) }
        for (name, processors) in Self.greedy {
            let said = GreedySearch(Self.rules(model, processors))(model, over: states, mask: mask)
            Self.expectSame(said, golden, name, ends: model.tokens.ends)
        }
    }

    @Test(arguments: models) func `beams find what transformers' beams find`(name: String) throws {
        let (golden, model) = (Golden(name), try Self.model(name))
        let mask = golden.mask()
        let states = withoutGradients { model.encode(golden.tokens("ids"), mask: mask) }
        for (name, search) in Self.beams(model) {
            let found = search(model, over: states, mask: mask)
            Self.expectSame(found.flatMap { $0 }, golden, name, ends: model.tokens.ends)
        }
    }

    @Test(arguments: models) func `what is said of a source does not depend on the others, to the last bit`(name: String) throws {
        let (golden, model) = (Golden(name), try Self.model(name))
        let (ids, mask) = (golden.tokens("ids"), golden.mask())
        let rules = Self.rules(model) { _ in [] }
        let (greedy, beams) = (GreedySearch(rules), BeamSearch(rules, beams: 3, stopping: .full, returned: 3))
        let sampling = TokenSampling(rules, temperature: 1.3, topK: 20, share: 0.95)
        let places = (0..<6).map { Noise(seed: 8)($0) }
        func said(_ rows: [Int]) -> ([Hypothesis], [[Hypothesis]], [Hypothesis]) {
            let M = ids.shape[1]
            let some = Tokens(rows.flatMap { ids.values[$0 * M..<($0 + 1) * M] }, [rows.count, M])
            let seen = mask.gathered(0, rows)
            let states = withoutGradients { model.encode(some, mask: seen) }
            return (
                greedy(model, over: states, mask: seen), beams(model, over: states, mask: seen),
                sampling(model, over: states, mask: seen, places: rows.flatMap { places[2 * $0..<2 * $0 + 2] })
            )
        }
        let (all, found, drawn) = said([0, 1, 2])
        for order in [[2], [1, 0]] {
            let (some, few, other) = said(order)
            #expect(some == order.map { all[$0] } && few == order.map { found[$0] })
            #expect(other == order.flatMap { drawn[2 * $0..<2 * $0 + 2] })
        }
        #expect(Set(drawn.map(\.tokens)).count > 3)
    }

    @Test(arguments: models) func `padding cut off leaves the sentences as they are`(name: String) throws {
        let (golden, model) = (Golden(name), try Self.model(name))
        let (ids, mask) = (golden.tokens("ids"), golden.mask())
        let n = Int(mask.slice(0, 1..<2).sum().scalar)
        let M = ids.shape[1]
        let short = Tokens(Array(ids.values[M..<M + n]), [1, n])
        for (name, search) in Self.beams(model) {
            let (all, alone) = withoutGradients {
                (
                    search(model, over: model.encode(ids, mask: mask), mask: mask),
                    search(model, over: model.encode(short, mask: nil))
                )
            }
            #expect(all[1].map(\.tokens) == alone[0].map(\.tokens), "\(name)")
            #expect(zip(all[1], alone[0]).allSatisfy { abs($0.score - $1.score) < 1e-4 }, "\(name)")
        }
    }

    @Test(arguments: models) func `in bf16 nearly the same is said`(name: String) throws {
        let (golden, model) = (Golden(name), try Self.model(name))
        let states = golden["states"]
        func logits() -> Tensor {
            let memory = model.memory(of: states, mask: golden.mask())
            _ = model.logits(after: Tokens([2, 3, 4, 5, 6, 7], [3, 2]), memory)
            memory.reorder([2, 0, 1])
            return model.logits(after: Tokens([8, 9, 10], [3, 1]), memory)
        }
        expectClose(withoutGradients { withPrecision(.bf16, logits) }, withoutGradients(logits), relative: 4e-2)
    }

    /// With room for every sentence there is, a search is an enumeration.
    @Test(arguments: [-1.0, 0, 0.7, 1, 2]) func `wide beams find the best of all sentences`(penalty: Double) {
        let decoder = TableDecoder(sources: 3, vocabulary: 4, seed: 9)
        let rules = DecodingRules(beginning: [0], ends: [3], length: 4, processors: [NoRepeatedRuns(of: 2)])
        let found = BeamSearch(rules, beams: 200, lengthPenalty: penalty, stopping: .hopeless, returned: 20)(
            decoder, over: decoder.states([0, 1, 2]))
        for source in 0..<3 {
            // A search's log chances are those before the processors.
            var all: [[Int32]: Double] = [:]
            for (tokens, _) in decoder.sentences(of: source, rules) {
                let score = zip([0] + tokens, tokens).reduce(0) { sum, step in
                    sum + normalised(decoder.table[source][Int(step.0)].map(Double.init))[Int(step.1)]
                }
                all[tokens] = score / pow(Double(tokens.count), penalty)
            }
            #expect(all.count > 20 && found[source].count == 20 && Set(found[source].map(\.tokens)).count == 20)
            // Some sentences are made of the same steps in another order, and are equally likely.
            for (hypothesis, best) in zip(found[source], all.values.sorted(by: >)) {
                #expect(abs(hypothesis.score - best) < 1e-9 && abs(all[hypothesis.tokens]! - best) < 1e-9)
            }
        }
    }

    @Test func `fewer sentences than beams are all that there are`() {
        let decoder = TableDecoder(sources: 1, vocabulary: 4, seed: 10)
        let rules = DecodingRules(beginning: [0], ends: [3], length: 2, processors: [SuppressedTokens([1, 2])])
        let found = BeamSearch(rules, beams: 8, returned: 8)(decoder, over: decoder.states([0]))
        #expect(Set(found[0].map(\.tokens)) == [[3], [0, 3], [0, 0]])
    }

    /// Sentences come as often as their chances after the processors say.
    @Test(arguments: [0, 1, 2]) func `sampling has its law`(kind: Int) {
        let decoder = TableDecoder(sources: 2, vocabulary: 5, seed: 11)
        let plain = DecodingRules(beginning: [0], ends: [4], length: 3)
        var penalised = plain
        penalised.processors = [RepetitionPenalty(2), MinimumLength(2, ends: [4])]
        let sampling = [
            TokenSampling(plain), TokenSampling(plain, temperature: 0.7, topK: 4, share: 0.95),
            TokenSampling(penalised, temperature: 2),
        ][kind]
        let n = 6000
        let places = (0..<2 * n).map { Noise(seed: 12)(kind)($0) }
        let drawn = sampling(decoder, over: decoder.states([0, 1]), places: places)
        for source in 0..<2 {
            let part = drawn[source * n..<(source + 1) * n]
            let counts = Dictionary(grouping: part, by: \.tokens).mapValues(\.count)
            let law = decoder.sentences(of: source, sampling.rules)
            #expect(law.count > 5)
            #expect(abs(law.reduce(0) { $0 + exp($1.score) } - 1) < 1e-9)
            #expect(Set(counts.keys).isSubset(of: Set(law.map(\.tokens))))
            var distance = 0.0
            for (tokens, score) in law {
                let expected = exp(score) * Double(n)
                let found = Double(counts[tokens] ?? 0)
                #expect(abs(found - expected) < 4.5 * expected.squareRoot() + 4, "\(tokens)")
                distance += (found - expected) * (found - expected) / max(expected, 1)
            }
            let freedom = Double(law.count - 1)
            #expect(distance <= freedom + 4 * (2 * freedom).squareRoot(), "\(distance) of \(freedom)")
            // The score is the sentence's own log chance.
            let scores = Dictionary(uniqueKeysWithValues: law.map { ($0.tokens, $0.score) })
            #expect(part.allSatisfy { abs($0.score - scores[$0.tokens]!) < 1e-9 })
        }
    }
}
