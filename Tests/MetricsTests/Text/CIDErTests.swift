import Glibc
import Metrics
import Tensors
import Testing

@Suite struct CIDErTests {
    @Test func `scores are pycocoevalcap's`() throws {
        let golden = try TextGolden.field("cider")
        let found = CIDEr().score(try TextGolden.hypotheses(), try TextGolden.references())
        expectClose(found.values, try golden.field("values").numbers())
        expectClose([found.mean], try golden.numbers(["mean"]))
        #expect(found.values.count { $0 > 1 } > 10)
    }

    @Test func `two texts by hand`() {
        // "a b c" for "a b d" and "x y" for itself: every n-gram is in one item of two and weighs ln 2.
        let found = CIDEr(order: 2).score(["a b c", "x y"], [["a b d"], ["x y"]])
        // Words: 2 of √3 √3; pairs: 1 of √2 √2.
        expectClose(found.values, [10 * (2.0 / 3 + 1.0 / 2) / 2, 10], within: 1e-12)
        // What is in every item's references weighs nothing.
        #expect(CIDEr().score(["a b c d e", "a b c d e"], [["a b c d e"], ["a b c d e"]]).mean == 0)
        // Longer by 6 pairs: exp(-36 / 72). All words are as rare, and the same word again and again is clipped.
        let long = CIDEr(order: 2).score(["a b a b a b a b", "x"], [["a b"], ["y z"]])
        let words = 1.0 / 4  // 2 of |(4, 4)| |(1, 1)|
        let pairs = 1.0 / 5  // 1 of |(4, 3)| |1|
        #expect(abs(long.values[0] - 10 * exp(-0.5) * (words + pairs) / 2) < 1e-12)
    }

    @Test func `tokens may be anything, and the order of references changes nothing`() {
        let hypotheses = [[1, 2, 3, 4, 5], [2, 2, 7]]
        let references = [[[1, 2, 3, 4, 6], [5, 4, 3, 2]], [[2, 7, 7, 8], [9, 2, 2]]]
        let found = CIDEr().score(hypotheses, references)
        #expect(found.values.allSatisfy { $0 > 0 })
        let named = CIDEr().score(
            hypotheses.map { $0.map { "w\($0)" } }, references.map { $0.map { $0.map { "w\($0)" } } })
        expectClose(named.values, found.values, within: 1e-12)
        expectClose(CIDEr().score(hypotheses, references.map { $0.reversed() }).values, found.values, within: 1e-12)
    }
}
