import Diffusion
import TestKit
import Tensors
import Testing

@Suite struct ParameterizationTests {
    static let pairs = Parameterization.gaussian.flatMap { a in Parameterization.gaussian.map { (a, $0) } }
    let x0 = Noise(seed: 1)("x0").normal([4, 3, 5])
    let epsilon = Noise(seed: 1)("epsilon").normal([4, 3, 5])

    /// Also a level that neither preserves variance nor sums to one.
    static let levels = [
        NoiseLevel(alpha: 0.8, sigma: 0.6), NoiseLevel(alpha: 0.3, sigma: 0.7), NoiseLevel(alpha: 1.5, sigma: 2),
        NoiseLevel(
            alpha: Coefficient([0.9, 0.5, 0.2, 0.7], [4, 1, 1]), sigma: Coefficient([0.2, 0.5, 0.9, 1], [4, 1, 1])),
        NoiseLevel(alpha: Coefficient([0.9, 0.5, 0.2], [3, 1]), sigma: Coefficient([0.2, 0.5, 0.9], [3, 1])),
    ]

    @Test(arguments: pairs) func `every pair converts there and back`(from: Parameterization, to: Parameterization) {
        for level in Self.levels {
            let x = level.alpha * x0 + level.sigma * epsilon
            let output = from.target(x0: x0, epsilon: epsilon, level)
            let other = from.converted(output, to: to, at: x, level)
            expectClose(other, to.target(x0: x0, epsilon: epsilon, level), relative: 1e-5, "\(from) to \(to)")
            expectClose(to.converted(other, to: from, at: x, level), output, relative: 1e-5, "\(from) by \(to)")
        }
    }

    @Test(arguments: Parameterization.gaussian) func `the true output gives back data and noise`(kind: Parameterization) {
        for level in Self.levels {
            let x = level.alpha * x0 + level.sigma * epsilon
            let output = kind.target(x0: x0, epsilon: epsilon, level)
            expectClose(kind.x0(from: output, at: x, level), x0, relative: 1e-5)
            expectClose(kind.epsilon(from: output, at: x, level), epsilon, relative: 1e-5)
        }
    }

    @Test(arguments: Parameterization.gaussian) func `an error of the output becomes an error of x0 by its scale`(
        kind: Parameterization
    ) {
        let level = Self.levels[1]
        let x = level.alpha * x0 + level.sigma * epsilon
        let output = kind.target(x0: x0, epsilon: epsilon, level)
        let moved = kind.x0(from: output + 1, at: x, level) - kind.x0(from: output, at: x, level)
        expectClose(moved.abs(), .full(x0.shape, Float(kind.errorScale(level).scalar)), relative: 1e-4)
    }

    @Test func `v and velocity are as published`() {
        let level = NoiseLevel(alpha: 0.8, sigma: 0.6)
        expectClose(
            Parameterization.v.target(x0: x0, epsilon: epsilon, level), epsilon * 0.8 - x0 * 0.6, relative: 1e-6)
        expectClose(Parameterization.velocity.target(x0: x0, epsilon: epsilon, level), epsilon - x0, relative: 1e-6)
    }

    @Test func `v and velocity stay finite where there is no signal and where there is no noise`() {
        for kind in [Parameterization.v, .velocity] {
            let noise = NoiseLevel(alpha: 0, sigma: 1)
            let output = kind.target(x0: x0, epsilon: epsilon, noise)
            expectClose(kind.x0(from: output, at: epsilon, noise), x0, relative: 1e-5)
            let clean = NoiseLevel(alpha: 1, sigma: 0)
            expectClose(
                kind.epsilon(from: kind.target(x0: x0, epsilon: epsilon, clean), at: x0, clean), epsilon, relative: 1e-5
            )
        }
    }

    @Test func `weightings are what they say, whatever the network outputs`() throws {
        for level in [0.1, 0.5, 0.9].map(VariancePreservingCosine().level(at:)) {
            let snr = level.signalToNoise.scalar
            for kind in Parameterization.gaussian {
                let scale = kind.errorScale(level).squared.scalar
                #expect(SimpleWeighting().weight(level, kind).scalar == 1)
                let expected = [
                    (MinSNRWeighting(gamma: 5).weight(level, kind), min(snr, 5)),
                    (TruncatedSNRWeighting().weight(level, kind), max(snr, 1)),
                    (SigmoidWeighting(bias: -1).weight(level, kind), snr / (1 + 2.718281828459045 * snr)),
                ]
                for (found, inX0) in expected {
                    #expect(abs(found.scalar - inX0 * scale) < 1e-9 * max(1, inX0 * scale), "\(kind)")
                }
            }
            // The published forms.
            let min5 = min(snr, 5)
            #expect(abs(MinSNRWeighting().weight(level, .epsilon).scalar - min5 / snr) < 1e-12)
            #expect(abs(MinSNRWeighting().weight(level, .v).scalar - min5 / (snr + 1)) < 1e-12)
        }
        for kind in Parameterization.gaussian {
            for weighting in [MinSNRWeighting(), TruncatedSNRWeighting(), SigmoidWeighting()] as [any Weighting] {
                #expect(weighting.weight(NoiseLevel(alpha: 1, sigma: 0), kind).scalar.isFinite, "\(weighting) \(kind)")
            }
        }
    }
}
