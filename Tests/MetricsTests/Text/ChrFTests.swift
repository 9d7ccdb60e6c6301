import Metrics
import Tensors
import Testing

@Suite struct ChrFTests {
    @Test func `corpora, sentences and signatures are sacrebleu's`() throws {
        let hypotheses = try TextGolden.hypotheses()
        for golden in try TextGolden.field("chrf").elements() {
            let options = try golden.field("options")
            let chrf = ChrF(
                characterOrder: try options.field("char_order").int(), wordOrder: try options.field("word_order").int(),
                beta: try options.field("beta").int(), lowercase: try options.field("lowercase").bool(),
                whitespace: try options.field("whitespace").bool(), smoothed: try options.field("eps_smoothing").bool())
            let references = try TextGolden.references(of: golden)
            let signature = chrf.signature(references)
            #expect(try signature == golden.field("signature").string())
            expectClose([chrf.corpus(hypotheses, references).value], try golden.numbers(["corpus"]), signature)
            let sentences = zip(hypotheses, references).map { chrf.sentence($0, $1).value }
            expectClose(sentences, try golden.field("sentences").numbers(), signature)
        }
    }

    @Test func `two letters of three, by hand`() {
        // Letters: 2 of 3 and 2 of 4; pairs: 1 of 2 and 1 of 3.
        let found = ChrF(characterOrder: 2).sentence("abx", ["abcd"])
        #expect(found.orders.map { [$0.hypothesis, $0.reference, $0.matches] } == [[3, 4, 2], [2, 3, 1]])
        let (p, r) = ((2.0 / 3 + 1.0 / 2) / 2, (1.0 / 2 + 1.0 / 3) / 2)
        #expect(abs(found.value - 100 * 5 * p * r / (4 * p + r)) < 1e-10)
    }

    @Test func `a text beside itself has 100, and the best of references counts`() throws {
        let texts = try TextGolden.hypotheses().filter { !words(of: $0).isEmpty }
        for chrf in [ChrF(), ChrF(wordOrder: 2), ChrF(wordOrder: 2, whitespace: true)] {
            #expect(abs(chrf.corpus(texts, texts.map { ["unlike", $0] }).value - 100) < 1e-10)
            #expect(chrf.sentence("", ["abc"]).value == 0 && chrf.sentence("abc", [""]).value == 0)
        }
    }
}
