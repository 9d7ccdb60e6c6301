import Glibc
import Metrics
import Tensors
import Testing

@Suite struct RepetitionTests {
    @Test func `shares and entropies are the formulas', by Python's Counter`() throws {
        let golden = try TextGolden.field("repetition")
        let texts = try TextGolden.hypotheses().map { words(of: $0) }
        let training = try TextGolden.references().joined().map { words(of: $0) }
        expectClose((1...4).map { Repetition.distinct($0, texts) }, try golden.field("distinct").numbers())
        expectClose((1...4).map { Repetition.within($0, texts) }, try golden.field("within").numbers())
        let found = [
            Repetition.diversity(texts), Repetition.copied(texts, from: training), UnigramEntropy(pooled: texts).nats,
            UnigramEntropy(meanOf: texts).nats,
        ]
        expectClose(found, try golden.numbers(["diversity", "copied", "entropy", "mean_entropy"]))
    }

    @Test func `a text by hand`() {
        let texts = [Array("abab"), Array("abc")]
        // a b a b a b c: 3 of 7; ab ba ab ab bc: 3 of 5; aba bab abc: 3 of 3.
        #expect((1...3).map { Repetition.distinct($0, texts) } == [3.0 / 7, 3.0 / 5, 1])
        // Within their own text 2 of the letters came before, and one ab.
        #expect(abs(Repetition.within(1, texts) - 2.0 / 7) < 1e-12 && abs(Repetition.within(2, texts) - 1.0 / 5) < 1e-12)
        #expect(abs(Repetition.diversity(texts) - 0.8) < 1e-12)
        #expect(Repetition.copied([Array("abcdbcd")], from: [Array("xbcdb"), Array("cdbcd")], n: 3) == 4.0 / 5)
        #expect(Repetition.copied(texts, from: [texts[1], texts[0]]) == 1 && Repetition.copied(texts, from: [texts[1]]) == 0)
        #expect(Repetition.distinct(4, [Array("abc")]) == 0 && Repetition.within(4, [Array("abc")]) == 0)
    }

    @Test func `eight equal tokens have three bits, one has none`() {
        #expect(abs(UnigramEntropy(Array(0..<8)).bits - 3) < 1e-12 && abs(UnigramEntropy(Array(0..<8)).nats - log(8)) < 1e-12)
        #expect(UnigramEntropy([5, 5, 5]).nats == 0 && UnigramEntropy([Int]()).nats == 0)
        // Together two tokens, each text one.
        #expect(UnigramEntropy(meanOf: [[1, 1], [2, 2]]).nats == 0)
        #expect(abs(UnigramEntropy(pooled: [[1, 1], [2, 2]]).bits - 1) < 1e-12)
    }
}
