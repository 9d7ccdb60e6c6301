import Glibc
import Metrics
import Tensors
import Testing

@Suite struct BLEUTests {
    private func metric(_ options: JSONField) throws -> BLEU {
        let value = try options.optional("smooth_value")?.number()
        let smoothing: BLEU.Smoothing =
            switch try options.field("smooth_method").string() {
            case "floor": .floor(value ?? 0.1)
            case "add-k": .addK(value ?? 1)
            case "exp": .exponential
            default: .none
            }
        return BLEU(
            tokenizer: try #require(BLEU.Tokenizer(rawValue: try options.field("tokenize").string())), smoothing: smoothing,
            lowercase: try options.field("lowercase").bool(), effectiveOrder: try options.field("effective_order").bool(),
            order: try options.field("max_ngram_order").int())
    }

    @Test func `corpora, their parts, sentences and signatures are sacrebleu's`() throws {
        let hypotheses = try TextGolden.hypotheses()
        for golden in try TextGolden.field("bleu").elements() {
            let bleu = try metric(golden.field("options"))
            let references = try TextGolden.references(of: golden)
            let signature = bleu.signature(references)
            #expect(try signature == golden.field("signature").string())
            let (found, corpus) = (bleu.corpus(hypotheses, references), try golden.field("corpus"))
            expectClose([found.value, found.brevityPenalty], try corpus.numbers(["score", "bp"]), signature)
            expectClose(found.precisions, try corpus.field("precisions").numbers(), signature)
            // sacrebleu counts what add-k adds.
            var more = 0.0
            if case .addK(let k) = bleu.smoothing { more = k }
            let added = (0..<bleu.order).map { $0 == 0 ? 0 : more }
            expectClose(zip(found.matches, added).map { Double($0) + $1 }, try corpus.field("counts").numbers(), signature)
            expectClose(zip(found.totals, added).map { Double($0) + $1 }, try corpus.field("totals").numbers(), signature)
            #expect(try found.hypothesisLength == corpus.field("hyp").int())
            #expect(try found.referenceLength == corpus.field("ref").int())
            let sentences = zip(hypotheses, references).map { bleu.sentence($0, $1).value }
            expectClose(sentences, try golden.field("sentences").numbers(), signature)
        }
    }

    /// Papineni et al. 2002, example 2: no word counts more often than in the reference that has most of it.
    @Test func `the papers' example matches two words of seven`() {
        let references = ["The cat is on the mat.", "There is a cat on the mat."]
        let found = BLEU(smoothing: .none, lowercase: true, order: 1).sentence("the the the the the the the", references)
        #expect(found.matches == [2] && found.totals == [7] && found.referenceLength == 7)
        #expect(abs(found.value - 200.0 / 7) < 1e-12)
    }

    @Test func `a sentence by hand`() {
        // 5, 3, 1, 0 of 6, 5, 4, 3 match; 7 words are asked for.
        let (hypothesis, reference) = ("a b c x d e", "a b c d e f g")
        let plain = BLEU(tokenizer: .none, smoothing: .none).sentence(hypothesis, [reference])
        #expect(plain.matches == [5, 3, 1, 0] && plain.totals == [6, 5, 4, 3] && plain.value == 0)
        let smooth = BLEU(tokenizer: .none).sentence(hypothesis, [reference])
        let precisions = [5.0 / 6, 3.0 / 5, 1.0 / 4, 0.5 / 3]
        #expect(abs(smooth.value - 100 * exp(1 - 7.0 / 6) * pow(precisions.reduce(1, *), 0.25)) < 1e-10)
        // Of references as near in length the shorter counts.
        #expect(BLEU().sentence("a b c", ["a b c d", "a b"]).referenceLength == 2)
    }

    @Test func `equal texts have 100, texts without a common word 0, and order or more references lower nothing`() throws {
        let hypotheses = try TextGolden.hypotheses()
        let references = try TextGolden.references()
        for tokenizer in BLEU.Tokenizer.allCases {
            let bleu = BLEU(tokenizer: tokenizer)
            #expect(abs(bleu.corpus(hypotheses, hypotheses.map { [$0] }).value - 100) < 1e-10)
            #expect(bleu.corpus(hypotheses, hypotheses.map { _ in ["\u{F8FF}"] }).value == 0)
            let all = bleu.corpus(hypotheses, references)
            #expect(bleu.corpus(hypotheses.reversed(), references.reversed()) == all)
            #expect(bleu.corpus(hypotheses, references.map { $0.reversed() }) == all)
            let more = bleu.corpus(hypotheses, zip(references, hypotheses).map { $0 + [$1] })
            #expect(zip(more.matches, all.matches).allSatisfy { $0 >= $1 } && more.matches == more.totals)
        }
    }

    @Test func `texts among themselves are sacrebleu's`() throws {
        let (samples, golden) = (try TextGolden.field("samples").strings(), try TextGolden.field("self_bleu"))
        let bleu = BLEU(effectiveOrder: true)
        expectClose([bleu.amongPairs(samples), bleu.againstRest(samples)], try golden.numbers(["pairs", "rest"]))
    }

    @Test func `against the rest is the mean of sentences beside all others`() throws {
        let texts = try TextGolden.hypotheses()
        let bleu = BLEU(tokenizer: .international, effectiveOrder: true, order: 3)
        let sum = texts.indices.reduce(0.0) { sum, i in
            sum + bleu.sentence(texts[i], Array(texts[..<i] + texts[(i + 1)...])).value
        }
        #expect(abs(bleu.againstRest(texts) - sum / Double(texts.count)) < 1e-10)
        #expect(abs(bleu.amongPairs(["a b c d", "a b c d", "a b c d"]) - 100) < 1e-10)
        #expect(bleu.againstRest(["a b c d", "e f g h"]) == 0)
    }
}
