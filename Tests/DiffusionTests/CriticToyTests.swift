import Diffusion
import Glibc
import Tensors
import Testing

/// Four binary tokens, all equal with chance 0.99 and else anything: what an exact generator draws at once disagrees with itself, and an
/// exact critic sees where.
@Suite struct CriticToyTests {
    static let toy = TokenToy(
        K: 2, N: 4, chances: (0..<16).map { 0.01 / 16 + ($0 == 0 || $0 == 15 ? 0.495 : 0) })

    /// Chance that a token is real given the whole, where the generator made up 1, 2, 3 or 4 tokens with equal chances: Bayes' rule over
    /// all sixteen masks.
    private static func realness(_ x: [Int32]) -> [Double] {
        let masks = CategoricalLevel(keep: 0.5, mask: 0.5, codes: 2)
        var (real, total) = ([Double](repeating: 0, count: 4), 0.0)
        for m in 1..<16 {
            let hidden = (0..<4).map { m >> $0 & 1 == 1 }
            let size = hidden.count { $0 }
            let seen = (0..<4).map { hidden[$0] ? Int32(2) : x[$0] }
            var p = 0.25 / [1: 4, 2: 6, 3: 4, 4: 1][size]!
            p *= toy.chances.indices.reduce(0) { sum, s in
                let clean = toy.digits(s, base: 2)
                return sum + ((0..<4).allSatisfy { hidden[$0] || clean[$0] == x[$0] } ? toy.chances[s] : 0)
            }
            let guess = toy.denoised(seen, masks)
            for n in 0..<4 where hidden[n] { p *= guess[n][Int(x[n])] }
            total += p
            for n in 0..<4 where !hidden[n] { real[n] += p }
        }
        return real.map { $0 / total }
    }

    @Test func `the exact critic's answers are the published ones`() {
        func close(_ found: [Double], _ expected: [Double]) -> Bool { zip(found, expected).allSatisfy { abs($0 - $1) < 0.006 } }
        #expect(close(Self.realness([0, 0, 0, 0]), [0.48, 0.48, 0.48, 0.48]))
        #expect(close(Self.realness([0, 0, 0, 1]), [0.024, 0.024, 0.024, 0.012]))
        #expect(close(Self.realness([0, 0, 1, 1]), [0.011, 0.011, 0.011, 0.011]))
    }

    /// Share of runs that end with four equal tokens.
    private func consistent(_ sampler: some TokenSampler, steps: Int) throws -> Double {
        let B = 16_000
        let schedule = MaskAndReplace(codes: 2, steps: 12, maskShare: 1, shape: .cosine)
        let corruption = CategoricalCorruption(schedule)
        let places = (0..<B).map { Noise(seed: 21)(steps)($0) }
        let masked = CategoricalLevel(keep: 0.5, mask: 0.5, codes: 2)
        // Sequences repeat: each is worked out once.
        var logits: [[Int32]: [Float]] = [:]
        var real: [[Int32]: [Float]] = [:]
        func rows(_ x: Tokens, _ known: inout [[Int32]: [Float]], _ make: ([Int32]) -> [Float]) -> [Float] {
            (0..<B).flatMap { b -> [Float] in
                let row = Array(x.values[b * 4..<b * 4 + 4])
                if let found = known[row] { return found }
                let made = make(row)
                known[row] = made
                return made
            }
        }
        let x = sampler.sample(
            from: corruption.prior(places, 4), along: try schedule.grid(steps: steps), corruption, places,
            judge: { x, _ in Tensor(rows(x, &real) { Self.realness($0).map { Float($0) } }, [B, 4]) },
            predict: { x, _ in
                Tensor(
                    rows(x, &logits) { row in
                        Self.toy.denoised(row, masked).flatMap { $0.map { Float(log(max($0, 1e-35))) } }
                    }, [B, 4, 2])
            })
        let count = (0..<B).count { b in (1..<4).allSatisfy { x.values[b * 4 + $0] == x.values[b * 4] } }
        return Double(count) / Double(B)
    }

    @Test func `the critic beats confidence, as much as enumeration says`() throws {
        // Two steps: four independent draws, two of them masked again, two drawn given the rest. Confidence cannot tell the draws
        // apart: the two that stay are equal with chance 1/2. The critic finds the odd one out of three to one (8 of 16 draws) and keeps
        // two equal ones of two to two with chance 1/3 (6 of 16).
        let pair = Self.toy.denoised([0, 0, 2, 2], CategoricalLevel(keep: 0.5, mask: 0.5, codes: 2))[2][0]
        let odd = Self.toy.denoised([0, 1, 2, 2], CategoricalLevel(keep: 0.5, mask: 0.5, codes: 2))[2][0]
        // Whatever is drawn after two unequal ones cannot become equal.
        #expect(abs(odd - 0.5) < 1e-6)
        let expected = (confidence: 0.5 * pair * pair, critic: (2.0 / 16 + 8.0 / 16 + 6.0 / 16 / 3) * pair * pair)
        #expect(abs(expected.confidence - 0.497) < 0.001 && abs(expected.critic - 0.746) < 0.001, "\(expected)")
        let found = (
            confidence: try consistent(ConfidenceTokens(), steps: 2), critic: try consistent(CriticTokens(noise: 0), steps: 2)
        )
        let deviation = (0.25 / 16_000).squareRoot()
        #expect(abs(found.confidence - expected.confidence) < 4 * deviation, "\(found)")
        #expect(abs(found.critic - expected.critic) < 4 * deviation, "\(found)")
        // What is masked again by chance alone keeps any two: as good as confidence, and no better.
        #expect(abs(try consistent(RandomTokens(), steps: 2) - expected.confidence) < 4 * deviation)
        // One step: an eighth for both. Three: nearly always.
        #expect(abs(try consistent(CriticTokens(noise: 0), steps: 1) - 0.125) < 4 * deviation)
        #expect(try consistent(CriticTokens(noise: 0), steps: 3) > 0.98)
        #expect(try consistent(ConfidenceTokens(), steps: 3) > 0.98)
    }
}
