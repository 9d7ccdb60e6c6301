import Diffusion
import TestKit
import Tensors
import Testing

/// Denoisers that see their own estimate, and what P5's sheet asks of samplers in Gaussian latents.
@Suite struct SelfConditioningTests {
    private let objective = GaussianObjective(VariancePreservingCosine())
    private let x0 = Noise(seed: 1).normal([6, 3, 2])
    private let epsilon = Noise(seed: 2).normal([6, 3, 2])
    private let draw = TimeDraw(times: [0.1, 0.3, 0.5, 0.6, 0.8, 0.95], weights: [Float](repeating: 1, count: 6))
    private let places = (0..<6).map { Noise(seed: 3)($0) }

    /// x0 = w x + u · previous, and what it was shown.
    private final class Net {
        let w = Tensor(0.7).requiringGradient(), u = Tensor(0.4).requiringGradient()
        var seen: [Tensor?] = []

        func callAsFunction(_ state: Tensor, _ times: [Float], _ previous: Tensor?) -> Prediction {
            seen.append(previous)
            let own = state * w
            return Prediction(previous.map { own + $0 * u } ?? own, .x0)
        }
    }

    private var state: Tensor { objective.corruption.corrupt(x0, at: draw.times, noise: epsilon) }

    @Test func `none shows nothing`() {
        let net = Net()
        let found = objective(x0, at: draw, noise: epsilon, .none, places: places) { net($0, $1, $2) }
        #expect(net.seen.count == 1 && net.seen[0] == nil)
        let plain = objective(x0, at: draw, noise: epsilon) { net($0, $1, nil) }
        expectIdentical(found.loss, plain.loss)
    }

    @Test func `half of the samples see the first pass's estimate, the others zeros, and nothing flows back through it`() {
        let net = Net()
        let found = objective(x0, at: draw, noise: epsilon, .half, places: places) { net($0, $1, $2) }
        #expect(net.seen.count == 2 && net.seen[0] == nil)
        let shown = net.seen[1]!
        let sees = places.map { $0("sees itself").uniformDouble() < 0.5 }
        #expect(sees.contains(true) && sees.contains(false))
        for (b, flag) in sees.enumerated() {
            let expected = state.slice(0, b..<b + 1) * (flag ? 0.7 : 0)
            expectClose(shown.slice(0, b..<b + 1), expected, absolute: 1e-6, "sample \(b)")
        }
        // The derivative by w with the estimate held: 2 (prediction - x0) x.
        let prediction = state * 0.7 + shown * 0.4
        let expected = ((prediction - x0) * 2 * state).mean()
        let gradient = gradients(of: found.loss.mean(), wrt: [net.w])[0]
        expectClose(gradient, expected, relative: 1e-4)
    }

    @Test func `over many draws half of the samples see it`() {
        let places = (0..<4000).map { Noise(seed: 9)($0) }
        let share = Double(places.count { $0("sees itself").uniformDouble() < 0.5 }) / 4000
        #expect(abs(share - 0.5) < 0.03)
    }

    @Test func `both passes are trained where every sample takes two`() {
        let net = Net()
        let found = objective(x0, at: draw, noise: epsilon, .both, places: places) { net($0, $1, $2) }
        expectClose(net.seen[1]!, state * 0.7, absolute: 1e-6)
        let first = (state * 0.7 - x0).square().mean([1, 2])
        let second = (state * 0.7 + state * 0.7 * 0.4 - x0).square().mean([1, 2])
        expectClose(found.loss, (first + second) * 0.5, relative: 1e-5)
        let held = state * 0.7
        let byW = ((state * 0.7 - x0) * state + (held * 0.4 + state * 0.7 - x0) * state).mean()
        expectClose(gradients(of: found.loss.mean(), wrt: [net.w])[0], byW, relative: 1e-4)
    }

    @Test func `the absolute error is the mean of how far elements are off, over what a mask keeps`() {
        let objective = GaussianObjective(VariancePreservingCosine(), isAbsolute: true)
        let mask = Tensor([1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 1], [6, 3])
        let found = objective(x0, at: draw, noise: epsilon, mask: mask) { state, _ in Prediction(state * 0.5, .x0) }
        let errors = (state * 0.5 - x0).abs() * mask.unsqueezed(2)
        expectClose(found.loss, errors.sum([1, 2]) / (mask.sum(1) * 2), relative: 1e-5)
    }

    /// An exact denoiser of N(0, 1/4) in a chain of 1,000 linear steps, of which S are taken: what is left of the variance. From the
    /// sheet of Lovelace et al. 2023.
    @Test(arguments: [
        (0.0, [(10, 0.131), (25, 0.197), (100, 0.236), (1000, 0.249)]),
        (1.0, [(10, 0.105), (25, 0.163), (100, 0.220), (1000, 0.246)]),
    ])
    func `strided DDIM keeps the variance that it keeps in theory`(eta: Double, cases: [(steps: Int, variance: Double)]) throws {
        let chain = try ChainSchedule(.linear(), steps: 1000)
        for (steps, variance) in cases {
            let place = Noise(seed: 5)(steps)
            let x = place("start").normal([1, 40_000])
            let end = DDIMSampler(eta: eta).sample(
                from: x, along: try .respaced("\(steps)", of: 1000), schedule: chain, noise: StepNoise([place])
            ) { x, t, _ in
                let (a, s) = (chain.alpha(t), chain.sigma(t))
                return Prediction(x * Float(s / (a * a * 0.25 + s * s)), .epsilon)
            }
            let found = Double(end.square().mean().scalar)
            #expect(abs(found - variance) < 0.005, "eta \(eta), \(steps) steps: \(found) and not \(variance)")
        }
    }

    @Test func `the second-order sampler is second order: at ten steps it is nearer than the first-order one`() throws {
        let schedule = VariancePreservingCosine()
        func variance(_ sampler: any Sampler) -> Double {
            let x = Noise(seed: 6).normal([1, 40_000])
            let grid = TimeGrid(times: (0..<10).map { 0.98 * (1 - Double($0) / 10) })
            let end = sampler.sample(from: x, along: grid, schedule: schedule, noise: StepNoise([])) { x, t, _ in
                let (a, s) = (schedule.alpha(t), schedule.sigma(t))
                return Prediction(x * Float(a * 0.25 / (a * a * 0.25 + s * s)), .x0)
            }
            return Double(end.square().mean().scalar)
        }
        let (first, second) = (abs(variance(DPMSolver2M(order: 1)) - 0.25), abs(variance(DPMSolver2M()) - 0.25))
        #expect(second < 0.5 * first, "first order \(first), second \(second)")
    }
}
