import Diffusion
import TestKit
import Tensors
import Testing

@Suite struct ExactDenoiserTests {
    static let mixture = GaussianMixture([
        .init(weight: 3, mean: [1, 0, -1], deviation: [0.3, 0.2, 0.5], label: 0),
        .init(weight: 1, mean: [-1, 2, 0.5], deviation: [0.1, 0.4, 0.2], label: 1),
    ])

    @Test func `one Gaussian has the textbook posterior mean`() {
        let one = GaussianMixture(mean: [0.5, -1], deviation: [0.4, 2])
        let x = Tensor([1, 1, -2, 3], [2, 2])
        let (a, s) = (0.8, 0.6)
        let gain = [0.4, 2].map { d -> Float in Float(a * d * d / (a * a * d * d + s * s)) }
        let expected = [1, 1, -2, 3].enumerated().map { i, v -> Float in
            let m: Float = i % 2 == 0 ? 0.5 : -1
            return m + gain[i % 2] * (Float(v) - 0.8 * m)
        }
        expectClose(one.denoised(x, alpha: a, sigma: s), Tensor(expected, [2, 2]), relative: 1e-6)
    }

    @Test func `the score is the gradient of the log density`() {
        let x = Noise(seed: 1).normal([20, 3])
        let score = Self.mixture.score(x, alpha: 0.7, sigma: 0.5).values
        let values = x.values.map(Double.init)
        for b in 0..<20 {
            for d in 0..<3 {
                func density(_ h: Double) -> Double {
                    var point = Array(values[b * 3..<b * 3 + 3])
                    point[d] += h
                    return Self.mixture.posterior(point, alpha: 0.7, sigma: 0.5).logDensity
                }
                let slope = (density(1e-5) - density(-1e-5)) / 2e-5
                #expect(abs(slope - Double(score[b * 3 + d])) < 1e-4 * max(1, abs(slope)))
            }
        }
    }

    @Test func `samples have the mixture's mean, covariance and weights`() {
        let n = 20_000
        let (x, chosen) = Self.mixture.sample((0..<n).map { Noise(seed: 2)($0) })
        expectMoments(x, Self.mixture, within: 0.03)
        #expect(abs(Double(chosen.filter { $0 == 0 }.count) / Double(n) - 0.75) < 0.012)
        expectIdentical(Self.mixture.sample([Noise(seed: 2)(77)]).x, x.slice(0, 77..<78))
    }

    @Test(arguments: Parameterization.gaussian) func `it says the same in every parameterisation`(
        kind: Parameterization
    ) {
        let schedule = VariancePreservingCosine()
        let x = Noise(seed: 3).normal([4, 3])
        let times: [Float] = [0.2, 0.5, 0.7, 0.9]
        let prediction = ExactDenoiser(Self.mixture, schedule, saying: kind)(
            DenoiserInput(state: x, time: times, schedule: schedule))
        #expect(prediction.kind == kind)
        let plain = ExactDenoiser(Self.mixture, schedule)(DenoiserInput(state: x, time: times, schedule: schedule))
        expectClose(
            kind.x0(from: prediction.output, at: x, schedule.levels(at: times, rank: 2)), plain.output, relative: 1e-5)
    }

    @Test func `labels narrow it to their components`() {
        let schedule = FlowMatching()
        let x = Noise(seed: 3).normal([3, 3])
        let denoiser = ExactDenoiser(Self.mixture, schedule)
        func says(_ conditions: [Condition]) -> Tensor {
            denoiser(DenoiserInput(state: x, time: [0.5, 0.5, 0.5], schedule: schedule, conditions: conditions)).output
        }
        let condition = Condition(.classes, labels: [0, 1, 1])
        let some = says([condition.withheld(where: [false, false, true])])
        let narrow = [Self.mixture.components[0], Self.mixture.components[1]].map {
            GaussianMixture([$0]).denoised(x, alpha: 0.5, sigma: 0.5)
        }
        expectClose(some.slice(0, 0..<1), narrow[0].slice(0, 0..<1), relative: 1e-6)
        expectClose(some.slice(0, 1..<2), narrow[1].slice(0, 1..<2), relative: 1e-6)
        expectIdentical(some.slice(0, 2..<3), says([]).slice(0, 2..<3))
        expectIdentical(says([condition.withheld]), says([]))
    }

    @Test func `toy mixtures lie in the plane's middle and carry labels`() {
        for mixture in [GaussianMixture.ring(), .moons(), .spirals(), .circles(), .pinwheel(), .swissRoll(), .checkerboard()] {
            #expect(mixture.size == 2)
            #expect(mixture.components.allSatisfy { $0.mean.allSatisfy { abs($0) <= 1.001 } })
            #expect(mixture.mean.allSatisfy { abs($0) < 0.2 })
        }
        #expect(GaussianMixture.ring(8).components.map(\.label) == Array(0..<8))
        #expect(Set(GaussianMixture.moons().components.map(\.label)) == [0, 1])
        // Squares of the board do not touch but at corners.
        let board = GaussianMixture.checkerboard().components
        #expect(Set(board.map { Int($0.mean[0] * 2 + 2) + 4 * Int($0.mean[1] * 2 + 2) }) == [0, 2, 5, 7, 8, 10, 13, 15])
    }
}

/// Sample mean and covariance of `[B, D]` are the mixture's, each entry within `bound`.
func expectMoments(
    _ x: Tensor, _ mixture: GaussianMixture, within bound: Double, sourceLocation: SourceLocation = #_sourceLocation
) {
    let (n, size) = x.shape2
    let values = x.values.map(Double.init)
    let mean = (0..<size).map { d in (0..<n).reduce(0) { $0 + values[$1 * size + d] } / Double(n) }
    for i in 0..<size {
        #expect(abs(mean[i] - mixture.mean[i]) < bound, "mean \(i): \(mean[i])", sourceLocation: sourceLocation)
        for j in 0...i {
            let c =
                (0..<n).reduce(0) { $0 + (values[$1 * size + i] - mean[i]) * (values[$1 * size + j] - mean[j]) }
                / Double(n)
            #expect(
                abs(c - mixture.covariance[i][j]) < bound, "covariance \(i) \(j): \(c) for \(mixture.covariance[i][j])",
                sourceLocation: sourceLocation)
        }
    }
}
