import Diffusion
import Glibc
import TestKit
import Tensors
import Testing

/// Gaussian data have Gaussian reverse conditionals, so the bound is a closed formula and may be tight.
@Suite struct BoundTests {
    enum Variance { case optimal, large, small }

    /// Expected bound minus entropy, nats per dimension, of data N(0, s²) under the exact mean.
    static func gap(_ chain: ChainSchedule, _ s2: Double, _ variance: Variance) -> Double {
        var gap = 0.0
        for k in 1...chain.steps {
            let (now, next) = (chain.level(at: chain.time(step: k)), chain.level(at: chain.time(step: k - 1)))
            let posterior = GaussianPosterior(from: now, to: next)
            let (a2, n2) = (now.alpha.squared.scalar, now.sigma.squared.scalar)
            let left = s2 * n2 / (a2 * s2 + n2)  // variance of x0 given x_t
            let c = posterior.fromX0.scalar
            let (_, floor, _) = chain.posterior(at: [Float(chain.time(step: k))], rank: 1)
            let optimal = posterior.variance.scalar + c * c * left
            let own =
                switch variance {
                case .optimal: optimal
                case .large: posterior.stepVariance.scalar
                case .small: exp(floor.scalar)
                }
            if k == 1 {
                gap += 0.5 * log(2 * .pi * own) + left / (2 * own)
            } else {
                gap += 0.5 * (log(own / posterior.variance.scalar) + optimal / own - 1)
            }
        }
        let (a, n) = (chain.alpha(1), chain.sigma(1))
        return gap + 0.5 * (-log(n * n) + n * n + a * a * s2 - 1) - 0.5 * log(2 * .pi * M_E * s2)
    }

    @Test(arguments: [20, 50, 100, 1000, 4000])
    func `the bound is tight with the optimal variance and loose with others`(
        steps: Int
    ) throws {
        let chain = try ChainSchedule(steps: steps)
        for s2 in [0.25, 1, 4] { #expect(abs(Self.gap(chain, s2, .optimal)) < 1e-5 * max(1, s2)) }
        let published = [
            20: (0.05654, 3.86), 50: (0.02204, 1.99), 100: (0.01096, 1.27), 1000: (0.00109, 0.57),
            4000: (0.00027, 0.49),
        ]
        let (large, small) = published[steps]!
        #expect(abs(Self.gap(chain, 0.25, .large) - large) < 6e-6)
        #expect(abs(Self.gap(chain, 0.25, .small) - small) < 6e-3)
    }

    @Test func `the best place of the variance depends on the data, and leaves its range for wide data`() throws {
        let chain = try ChainSchedule()
        let (now, next) = (chain.level(at: chain.time(step: 501)), chain.level(at: chain.time(step: 500)))
        let posterior = GaussianPosterior(from: now, to: next)
        for (s2, expected) in [(0.0, 0.0), (0.25, 0.2656), (1, 1), (4, 3.24)] {
            let (a2, n2) = (now.alpha.squared.scalar, now.sigma.squared.scalar)
            let c = posterior.fromX0.scalar
            let optimal = posterior.variance.scalar + c * c * s2 * n2 / (a2 * s2 + n2)
            let (low, high) = (posterior.variance.logarithm.scalar, posterior.stepVariance.logarithm.scalar)
            let fraction = (log(optimal) - low) / (high - low)
            #expect(abs(fraction - expected) < 5e-5)
            // The network's raw output reaches it, clamped nowhere.
            let raw = Tensor([Float(2 * fraction - 1)], [1])
            #expect(abs(Double(posterior.logVariance(raw: raw).scalar) - log(optimal)) < 1e-4)
        }
    }

    @Test func `the evaluated bound meets the formula, and does not depend on the batch`() throws {
        let chain = try ChainSchedule(steps: 40)
        let s2 = 0.25
        let places = (0..<6).map { Noise(seed: 5)($0) }
        let x0 = normal(places.map { $0("x0") }, [3000]) * Float(s2.squareRoot())
        let mixture = GaussianMixture(mean: [0], deviation: [s2.squareRoot()])
        let bound = VariationalBound(chain, variance: .large, clips: false, binHalfWidth: nil)
        func evaluate(_ rows: Range<Int>) -> VariationalBound.Bits {
            bound(x0.slice(0, rows), places: Array(places[rows])) { state, time in
                let points = state.reshaped([-1, 1])
                return Prediction(
                    mixture.denoised(points, alpha: chain.alpha(time), sigma: chain.sigma(time)).reshaped(state.shape),
                    .x0)
            }
        }
        let bits = evaluate(0..<6)
        #expect(bits.terms.count == 40 && bits.squaredError.count == 40)
        let mean = bits.total.reduce(0, +) / 6
        // Expected: entropy + gap, with the first step at β̃ of the second.
        let first = chain.level(at: chain.time(step: 1))
        let left = s2 * first.sigma.squared.scalar / (first.alpha.squared.scalar * s2 + first.sigma.squared.scalar)
        let own = exp(chain.posterior(at: [Float(1) / 40], rank: 1).floor.scalar)
        let beta = chain.betas[0]
        let decoder = 0.5 * log(own / beta) + left / 2 * (1 / own - 1 / beta)
        let expected = (0.5 * log(2 * .pi * M_E * s2) + Self.gap(chain, s2, .large) + decoder) / log(2.0)
        #expect(abs(mean - expected) < 0.03, "\(mean), expected \(expected)")
        let part = evaluate(2..<4)
        #expect(part.total == Array(bits.total[2..<4]))
    }
}
