import Metrics
import Tensors
import Testing

@Suite struct EditDistanceTests {
    @Test func `edits and error rates are jiwer's`() throws {
        let golden = try TextGolden.field("edits")
        let hypotheses = try TextGolden.hypotheses()
        let references = try TextGolden.references().map { $0[0] }
        for (name, rate) in [("words", ErrorRate.words), ("characters", ErrorRate.characters)] {
            let each = zip(hypotheses, references).map { Double(rate([$0], [$1]).edits) }
            expectClose(each, try golden.field(name).field("edits").numbers(), within: 0, name)
            let whole = rate(hypotheses, references)
            expectClose([whole.rate], try golden.field(name).numbers(["rate"]), name)
            #expect(whole.normalised < whole.rate && whole.normalised > 0)
        }
    }

    @Test func `kitten becomes sitting in three steps`() {
        #expect(editDistance(Array("kitten"), Array("sitting")) == 3)
        #expect(editDistance([Int](), [1, 2]) == 2 && editDistance([1, 2], []) == 2 && editDistance([Int](), []) == 0)
        let rate = ErrorRate.characters([" kitten\n"], ["sitting"])
        #expect(rate == ErrorRate([Array("kitten")], [Array("sitting")]) && rate.rate == 3.0 / 7)
        let long = ErrorRate.words(["a b c d"], ["a"])
        #expect(long.rate == 3 && long.normalised == 0.75)
        #expect(ErrorRate.words([""], [""]).rate == 0 && ErrorRate.words(["a"], [" "]).rate == .infinity)
    }

    @Test func `a distance is symmetric, keeps to the triangle and is 0 for equal ones only`() {
        let texts = (0..<12).map { i in (0..<Noise(seed: 1)(i).integer(below: 9)).map { Noise(seed: 1)(i)($0).integer(below: 3) }
        }
        for a in texts {
            for b in texts {
                let distance = editDistance(a, b)
                #expect(distance == editDistance(b, a) && (distance == 0) == (a == b))
                #expect(distance >= abs(a.count - b.count) && distance <= max(a.count, b.count))
                for c in texts { #expect(editDistance(a, c) <= distance + editDistance(b, c)) }
            }
        }
    }

    @Test func `a match is exact scalar for scalar, with any reference`() {
        #expect(exactMatch(["a", "b", "é", "d "], [["x", "a"], ["B"], ["e\u{301}"], ["d"]]) == 0.25)
    }
}
