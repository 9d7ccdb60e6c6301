import Metrics
import Tensors
import Testing

@Suite struct ROUGETests {
    private let kinds: [(ROUGE.Kind, String)] = [
        (.n(1), "rouge1"), (.n(2), "rouge2"), (.n(3), "rouge3"), (.l, "rougeL"), (.lsum, "rougeLsum"),
    ]

    @Test(arguments: [false, true]) func `scores are rouge-score's`(stemming: Bool) throws {
        let (hypotheses, references) = (try TextGolden.hypotheses(), try TextGolden.references())
        let (golden, rouge) = (try TextGolden.field("rouge"), ROUGE(stemming: stemming))
        for (kind, name) in kinds {
            let expected = try golden.field((stemming ? "stemmed." : "plain.") + name).elements().map { try $0.numbers() }
            let found = zip(hypotheses, references).map { hypothesis, references in
                let one = rouge.score(kind, hypothesis, references[0])
                return [one.precision, one.recall, one.f, rouge.score(kind, hypothesis, references).f]
            }
            expectClose(found.flatMap { $0 }, expected.flatMap { $0 }, name)
            let mean = rouge.mean(kind, hypotheses, references.map { [$0[0]] })
            let means = (0..<3).map { part in expected.reduce(0) { $0 + $1[part] } / Double(expected.count) }
            expectClose([mean.precision, mean.recall, mean.f], means, name)
        }
    }

    @Test func `stems are NLTK's`() throws {
        let stems = try TextGolden.field("stems").elements().map { try $0.strings() }
        #expect(stems.count > 250)
        for pair in stems { #expect(PorterStemmer.stem(pair[0]) == pair[1], "\(pair[0])") }
    }

    /// Lin 2004, section 3: two candidates that share as many words with the reference, one of them in order.
    @Test func `the paper's examples`() {
        let reference = "police killed the gunman"
        let rouge = ROUGE()
        #expect(rouge.score(.l, "police kill the gunman", reference).f == 0.75)
        #expect(rouge.score(.l, "the gunman kill police", reference).f == 0.5)
        for text in ["police kill the gunman", "the gunman kill police"] {
            #expect(rouge.score(.n(2), text, reference).recall == 1.0 / 3)
        }
        // Section 3.2: w1 w2 w3 w4 w5 beside w1 w2 w6 w7 w8 and w1 w3 w8 w9 w5 keeps w1 w2 w3 w5.
        let union = rouge.score(.lsum, "w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5", "w1 w2 w3 w4 w5")
        #expect(union.recall == 0.8 && union.precision == 0.4)
    }

    @Test func `turning hypothesis and reference round exchanges precision and recall`() throws {
        let (hypotheses, references) = (try TextGolden.hypotheses(), try TextGolden.references())
        for (a, b) in zip(hypotheses, references.map { $0[0] }) {
            for kind in [ROUGE.Kind.n(1), .n(2), .l] {
                let (one, other) = (ROUGE().score(kind, a, b), ROUGE().score(kind, b, a))
                #expect(one.precision == other.recall && one.recall == other.precision)
                #expect((0...1).contains(one.f))
            }
        }
    }
}
