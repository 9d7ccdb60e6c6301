import Glibc
import Networks
import TestKit
import Tensors
import Testing

@Suite struct LogitsProcessorTests {
    static let cases: [(String, [any LogitsProcessor])] = [
        ("repetition", [RepetitionPenalty(1.7)]), ("bigrams", [NoRepeatedRuns(of: 2)]), ("trigrams", [NoRepeatedRuns(of: 3)]),
        ("unigrams", [NoRepeatedRuns(of: 1)]), ("minimum", [MinimumLength(7, ends: [2])]),
        ("reached", [MinimumLength(6, ends: [2])]), ("ending", [ForcedToken.last(2, length: 7)]),
        ("beginning", [SuppressedTokens([3, 4], atFirstOnly: true)]), ("suppressed", [SuppressedTokens([3, 4])]),
        ("bad", [BannedRuns([[11], [5, 7], [1, 5, 8], [6, 5, 9]])]), ("temperature", [Temperature(0.7)]),
        ("topk", [TopTokens(4)]), ("nucleus", [Nucleus(0.8)]), ("narrow", [Nucleus(0.05)]),
        ("all", [RepetitionPenalty(1.3), Temperature(1.5), TopTokens(8), Nucleus(0.9)]),
    ]

    /// Seven tokens, the first of which is the beginning; for what concerns the first new token all seven are.
    @Test func `each does what transformers does`() {
        let golden = Golden("decoding")
        let (scores, history) = (golden["scores"].values, golden.tokens("history").values)
        for (name, processors) in Self.cases {
            let expected = golden[name].values
            for r in 0..<4 {
                var row = scores[r * 12..<r * 12 + 12].map(Double.init)
                let said = SaidTokens(all: Array(history[r * 7..<r * 7 + 7]), new: name == "beginning" ? 0 : 6)
                for processor in processors { processor.process(&row, after: said) }
                for (found, wanted) in zip(row, expected[r * 12..<r * 12 + 12]) {
                    let agrees = wanted < -1e29 ? found == -.infinity : abs(found - Double(wanted)) < 1e-5
                    #expect(agrees, "\(name), row \(r): \(found), expected \(wanted)")
                }
            }
        }
    }

    @Test func `forced tokens come at their places alone`() {
        func row(_ processor: ForcedToken, new: Int) -> [Double] {
            var row = [1.0, 2, 3]
            processor.process(&row, after: SaidTokens(all: Array(repeating: 0, count: new + 1), new: new))
            return row
        }
        #expect(row(.first(1), new: 0) == [-.infinity, 0, -.infinity] && row(.first(1), new: 1) == [1, 2, 3])
        #expect(row(.last(2, length: 5), new: 4) == [-.infinity, -.infinity, 0])
        #expect(row(.last(2, length: 5), new: 3) == [1, 2, 3])
    }

    @Test func `a draw is the inverse of the cumulated chances, to the last of many quantiles`() {
        let row: [Double] = [0.3, -.infinity, 2, -40, 1]
        let total = row.reduce(0) { $0 + exp($1) }
        let count = 20_000
        var drawnOf = [Int](repeating: 0, count: 5)
        var last = 0
        for i in 0..<count {
            let k = drawn(row, at: (Double(i) + 0.5) / Double(count))
            #expect(k >= last)
            last = k
            drawnOf[k] += 1
        }
        for (k, x) in row.enumerated() {
            #expect(abs(Double(drawnOf[k]) - exp(x) / total * Double(count)) <= 1)
        }
        let top = 1 - 0x1p-53
        #expect(drawn(row, at: 0) == 0)
        #expect(drawn(row, at: top) == 4)
        let one: [Double] = [-.infinity, 0, -.infinity]
        #expect(drawn(one, at: 0) == 1)
        #expect(drawn(one, at: top) == 1)
        // A chance far below a float's precision has its place.
        let tiny: [Double] = [0, -30]
        #expect(drawn(tiny, at: top) == 1)
        #expect(drawn(tiny, at: 1 - 0x1p-43) == 0)
    }
}
