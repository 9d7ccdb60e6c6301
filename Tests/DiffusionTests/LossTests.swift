import Diffusion
import Glibc
import TestKit
import Tensors
import Testing

@Suite struct LossTests {
    /// One training step of learned-range variance on a chain of ten, worked out in double precision.
    struct Golden {
        let file = try! Goldens.open("improved_ddpm.safetensors")
        let chain: ChainSchedule
        let times: [Float]
        init() throws {
            chain = try ChainSchedule(betas: try file.tensor("linear10.betas").values.map(Double.init))
            times = try file.tokens("vlb.k").values.map { Float($0 + 1) / 10 }
        }
        func callAsFunction(_ name: String) throws -> Tensor { try file.tensor("vlb.\(name)") }
    }

    @Test func `the variance bound agrees with its definition`() throws {
        let golden = try Golden()
        let (posterior, floor, isFirst) = golden.chain.posterior(at: golden.times, rank: 4)
        #expect(isFirst == [true, false, false, false])
        let (x0, xt) = (try golden("x0"), try golden("xt"))
        expectClose(
            posterior.logVariance(raw: try golden("raw"), floor: floor), try golden("log_variance"), relative: 1e-5)
        expectClose(posterior.mean(x0: x0, state: xt), try golden("true_mean"), relative: 1e-5)
        expectClose(floor.tensor.broadcast(to: x0.shape), try golden("true_log_variance"), relative: 1e-5)
        let prediction = Prediction(try golden("eps_hat"), .epsilon, variance: try golden("raw"))
        let level = golden.chain.levels(at: golden.times, rank: 4)
        expectClose(
            prediction.kind.x0(from: prediction.output, at: xt, level), try golden("pred_x0"), relative: 1e-5)
        let bits = LearnedVarianceLoss(golden.chain).bits(x0, state: xt, at: golden.times, prediction)
        expectClose(bits, try golden("bits"), relative: 1e-4)
    }

    @Test func `the likelihood of bins agrees with its definition`() throws {
        let golden = try Golden()
        let (x0, mean) = (try golden("x0"), try golden("pred_mean"))
        let logDeviation = try golden("log_variance") * 0.5
        for (cdf, name) in [(DiscretizedGaussian.CDF.tanh, "nll_tanh"), (.exact, "nll")] {
            let found = DiscretizedGaussian(cdf: cdf).negativeLogLikelihood(x0, mean: mean, logDeviation: logDeviation)
            let expected = try golden(name)
            // Chances below 1e-6 of the exact function drown in f32; 13.8 nats.
            let shown = cdf == .exact ? expected.less(Tensor(13.8)) : Tensor.ones(expected.shape)
            expectClose(found * shown, expected * shown, relative: 1e-4, "\(name)")
        }
    }

    @Test func `the hybrid loss agrees with its definition`() throws {
        let golden = try Golden()
        // The fixture's state is x_t rounded, ours is made from noise and data: equal to rounding.
        let objective = GaussianObjective(golden.chain, variance: LearnedVarianceLoss(golden.chain))
        let terms = objective(
            try golden("x0"), at: TimeDraw(times: golden.times, weights: [1, 1, 1, 1]), noise: try golden("noise")
        ) { state, times in
            #expect(times == golden.times)
            expectClose(state, try! golden("xt"), relative: 1e-6)
            return Prediction(try! golden("eps_hat"), .epsilon, variance: try! golden("raw"))
        }
        expectClose(terms.squaredError, try golden("mse"), relative: 1e-5)
        expectClose(terms.loss.mean(), try golden("hybrid"), relative: 1e-4)
        #expect(LearnedVarianceLoss(golden.chain).scale == 0.01)
    }

    @Test func `the bound fits the variance and leaves the mean alone`() throws {
        let chain = try ChainSchedule()
        let times: [Float] = [0.001, 0.3, 0.9]
        let x0 = Noise(seed: 1)("x0").uniform([3, 2, 5]) * 2 - 1
        let state = GaussianCorruption(chain).corrupt(x0, at: times, noise: Noise(seed: 1)("e").normal([3, 2, 5]))
        for kind in Parameterization.gaussian {
            let mean = Noise(seed: 2)("mean").normal([3, 2, 5]).requiringGradient()
            let raw = Noise(seed: 2)("raw").normal([3, 2, 5]).requiringGradient()
            let bits = LearnedVarianceLoss(chain).bits(
                x0, state: state, at: times, Prediction(mean, kind, variance: raw))
            let g = gradients(of: bits, wrt: [mean, raw])
            expectIdentical(g[0], .zeros([3, 2, 5]), "\(kind)")
            // A mean as wrong as this leaves nothing to gain at the first step.
            #expect(g[1].slice(0, 1..<3).values.allSatisfy { $0.isFinite && $0 != 0 })
        }
        // And fits it by the right gradient, at the decoder's step and at the others. The network here is
        // nearly right, as at the
        // first step a bad mean has no gradient to speak of.
        let epsilon = Noise(seed: 1)("e").normal([3, 2, 5])
        gradientCheck("learned variance", [Noise(seed: 2)("raw").normal([3, 2, 5])]) { inputs in
            LearnedVarianceLoss(chain).bits(
                x0, state: state, at: times, Prediction(epsilon * 1.02, .epsilon, variance: inputs[0]))
        }
    }

    @Test(arguments: DiscretizedGaussian.CDF.allCases) func `the chances of all bins add up to one`(
        cdf: DiscretizedGaussian.CDF
    ) {
        let bins = Tensor((0..<256).map { Float($0) / 127.5 - 1 }, [256])
        for mean: Float in [-3, -1, -0.2, 0, 0.501, 0.99, 1.4] {
            for deviation: Float in [0.001, 0.004, 0.03, 0.3, 2] {
                let nll = DiscretizedGaussian(cdf: cdf).negativeLogLikelihood(
                    bins, mean: Tensor(mean), logDeviation: Tensor(log(deviation)))
                let sum = nll.values.reduce(0.0) { $0 + exp(-Double($1)) }
                #expect(abs(sum - 1) < 5e-5, "mean \(mean), deviation \(deviation): \(sum)")
            }
        }
    }

    @Test func `the tails of bins keep their digits`() {
        // tanh form, 6 to 8 deviations out, in double precision.
        func below(_ z: Double) -> Double {
            1 / (1 + exp(-2 * (2 / Double.pi).squareRoot() * (z + 0.044715 * z * z * z)))
        }
        for (x, mean) in [(0.5, 0.2), (-0.5, -0.2), (0.5, 0.25)] as [(Float, Float)] {
            let found = DiscretizedGaussian().negativeLogLikelihood(
                Tensor(x), mean: Tensor(mean), logDeviation: Tensor(log(0.05))
            ).scalar
            let z = -abs(Double(x) - Double(mean)) / 0.05, h = 1 / 255.0 / 0.05
            let expected = -log(below(z + h) - below(z - h))
            #expect(abs(Double(found) - expected) < 2e-4 * expected)
        }
    }

    @Test(arguments: Parameterization.gaussian) func `the exact prediction has no loss, and weights scale the rest`(
        kind: Parameterization
    ) throws {
        let schedule = VariancePreservingCosine()
        let x0 = Noise(seed: 3)("x").normal([4, 6])
        let epsilon = Noise(seed: 3)("e").normal([4, 6])
        let draw = TimeDraw(times: [0.1, 0.4, 0.6, 0.95], weights: [1, 2, 0.5, 4])
        let objective = GaussianObjective(schedule, weighting: MinSNRWeighting())
        let target = GaussianCorruption(schedule).target(kind, x0, at: draw.times, noise: epsilon)
        let exact = objective(x0, at: draw, noise: epsilon) { _, _ in Prediction(target, kind) }
        expectClose(exact.loss, .zeros([4]), absolute: 1e-9)
        let off = objective(x0, at: draw, noise: epsilon) { _, _ in Prediction(target + 0.5, kind) }
        expectClose(off.squaredError, .full([4], 0.25), relative: 1e-4)
        let expected = draw.times.indices.map { i in
            Float(MinSNRWeighting().weight(schedule.level(at: Double(draw.times[i])), kind).scalar) * 0.25
                * draw.weights[i]
        }
        expectClose(off.loss, Tensor(expected, [4]), relative: 1e-4)
    }

    @Test func `padding is not counted`() {
        let x0 = Noise(seed: 3)("x").normal([2, 5, 3])
        let epsilon = Noise(seed: 3)("e").normal([2, 5, 3])
        func loss(_ rows: Range<Int>, length: Int, mask: Tensor? = nil) -> Tensor {
            func cut(_ x: Tensor) -> Tensor { x.slice(0, rows).slice(1, 0..<length) }
            let draw = TimeDraw(times: rows.map { _ in 0.5 }, weights: rows.map { _ in 1 })
            return GaussianObjective(FlowMatching())(cut(x0), at: draw, noise: cut(epsilon), mask: mask) { x, _ in
                Prediction(x, .epsilon)
            }.loss
        }
        let masked = loss(0..<2, length: 5, mask: Tensor([1, 1, 1, 1, 1, 1, 1, 0, 0, 0], [2, 5]))
        expectClose(masked, concatenated([loss(0..<1, length: 5), loss(1..<2, length: 2)], axis: 0), relative: 1e-6)
    }

    @Test func `a sample's loss does not depend on its batch`() {
        let x0 = Noise(seed: 3)("x").normal([5, 7])
        let places = (0..<5).map { Noise(seed: 9)($0) }
        let objective = GaussianObjective(FlowMatching(), weighting: SigmoidWeighting())
        func loss(_ rows: Range<Int>) -> Tensor {
            let places = Array(places[rows])
            return objective(
                x0.slice(0, rows), at: LogitNormalTimes().draw(places),
                noise: GaussianCorruption(FlowMatching()).noise(places, [7])
            ) { x, _ in Prediction(x.sin(), .velocity) }.loss
        }
        expectIdentical(concatenated([loss(0..<2), loss(2..<5)], axis: 0), loss(0..<5))
    }
}
