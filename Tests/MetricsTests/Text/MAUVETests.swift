import Glibc
import Metrics
import Tensors
import Testing

@Suite struct MAUVETests {
    @Test func `from counts on, scores and curves are mauve-text's`() throws {
        for golden in try TextGolden.field("mauve").elements() {
            let (real, samples) = (try golden.field("real").numbers(), try golden.field("samples").numbers())
            let found = MAUVE().score(realCounts: real.map { Int($0) }, sampleCounts: samples.map { Int($0) })
            expectClose(
                [found.value, found.counted.integral, found.smoothed.area, found.smoothed.integral],
                try golden.numbers(["mauve", "integral", "mauve_smoothed", "integral_smoothed"]))
            let curve = try golden.field("curve").elements().flatMap { try $0.numbers() }
            expectClose(found.counted.curve.flatMap { [$0.precision, $0.recall] }, curve)
            // The same from the cluster of every row.
            func rows(_ counts: [Double]) -> [Int] { counts.enumerated().flatMap { [Int](repeating: $0, count: Int($1)) } }
            #expect(MAUVE().score(real: rows(real), samples: rows(samples), clusters: real.count) == found)
        }
    }

    @Test func `equal histograms have the whole square, and both sets may change places`() {
        for shares in [[1], [0.25, 0.25, 0.5], [0.2, 0.3, 0.5], [0.9, 0.1, 0]] {
            let found = DivergenceFrontier(real: shares, samples: shares)
            #expect(abs(found.area - 1) < 1e-12 && found.integral == 0)
        }
        let (p, q) = ([0.5, 0.25, 0.25, 0], [0.125, 0.125, 0.5, 0.25])
        let (one, other) = (DivergenceFrontier(real: p, samples: q), DivergenceFrontier(real: q, samples: p))
        #expect(abs(one.area - other.area) < 1e-12 && abs(one.integral - other.integral) < 1e-12)
        #expect(DivergenceFrontier(real: [1, 0], samples: [0, 1]).integral == 1)
    }

    /// 2 ∫ λ KL(p ‖ r) + (1 - λ) KL(q ‖ r) dλ by the midpoint rule.
    @Test func `the integral's closed form is the integral`() {
        let (p, q) = ([0.5, 0.25, 0.25, 0], [0.125, 0.125, 0.5, 0.25])
        func divergence(_ p: [Double], _ r: [Double]) -> Double {
            zip(p, r).reduce(0) { $1.0 > 0 ? $0 + $1.0 * log($1.0 / $1.1) : $0 }
        }
        let steps = 4000
        let sum = (0..<steps).reduce(0.0) { sum, i in
            let weight = (Double(i) + 0.5) / Double(steps)
            let r = zip(p, q).map { weight * $0 + (1 - weight) * $1 }
            return sum + weight * divergence(p, r) + (1 - weight) * divergence(q, r)
        }
        #expect(abs(DivergenceFrontier(real: p, samples: q).integral - 2 * sum / Double(steps)) < 1e-6)
    }

    /// Four heaps far apart; the angle between them is what is left after rows are made of length 1.
    @Test func `heaps that lie apart are found as they are`() {
        let centres = Tensor([5, 0, 0, 0, 5, 0, 0, 0, 5, -5, -5, -5], [4, 3])
        func heaps(_ sizes: [Int], _ noise: Noise) -> Tensor {
            let rows = sizes.enumerated().flatMap { [Int](repeating: $0, count: $1) }
            return centres.gathered(0, rows) + noise.normal([rows.count, 3]) * 0.2
        }
        let (real, samples) = ([40, 30, 20, 10], [10, 60, 0, 30])
        let found = MAUVE(clusters: 4).score(
            real: heaps(real, Noise(seed: 1)), samples: heaps(samples, Noise(seed: 2)), noise: Noise(seed: 3))
        let expected = MAUVE().score(realCounts: real, sampleCounts: samples)
        // Clusters come in another order, so sums are rounded otherwise.
        #expect(abs(found.value - expected.value) < 1e-12)
        #expect(abs(found.smoothed.integral - expected.smoothed.integral) < 1e-12)
        func pairs(_ score: MAUVE.Score) -> Set<[Double]> { Set(zip(score.real, score.samples).map { [$0, $1] }) }
        #expect(pairs(found) == pairs(expected))
    }

    @Test func `sets of one law are near, shifted ones ever farther, and a seed gives one number`() {
        let real = Noise(seed: 4)("real").normal([200, 8])
        func score(_ shift: Float, seed: UInt64 = 5) -> Double {
            let samples = Noise(seed: 4)("samples").normal([200, 8]) + Tensor([shift, 0, 0, 0, 0, 0, 0, 0], [1, 8])
            return MAUVE(clusters: 12).score(real: real, samples: samples, noise: Noise(seed: seed)).value
        }
        let scores = [0, 1, 2, 6].map { score($0) }
        #expect(scores == scores.sorted(by: >) && scores[0] > 0.9 && scores[3] < 0.1, "\(scores)")
        #expect(score(1) == scores[1] && abs(score(1, seed: 6) - scores[1]) < 0.15)
    }

    @Test func `few rows, equal rows and more clusters than rows are no trouble`() {
        let same = Tensor([1, 2, 1, 2, 1, 2, 1, 2], [4, 2])
        let found = MAUVE(clusters: 3).score(real: same, samples: same, noise: Noise(seed: 7))
        #expect(abs(found.value - 1) < 1e-12 && found.real == found.samples)
        let zeros = MAUVE(clusters: 9).score(real: .zeros([1, 2]), samples: same, noise: Noise(seed: 8))
        #expect(zeros.value < 0.01 && zeros.real.reduce(0, +) == 1)
    }
}
