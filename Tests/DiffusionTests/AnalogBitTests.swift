import Diffusion
import Glibc
import TestKit
import Tensors
import Testing

/// What the sheet of Chen et al. 2022 asks of diffusion of bits: the exact denoiser of a bit that is +1 with chance 0.2.
@Suite struct AnalogBitTests {
    private let schedule = GammaCosine()
    private let chance = 0.2

    /// Share of +1 among what the sampler makes of so many draws, thresholded.
    private func share(
        _ sampler: any Sampler, steps: Int, overstep: Double, draws: Int, clip: Bool = true
    ) throws -> Double {
        let place = Noise(seed: 4)(steps)
        let x = Float(schedule.sigma(1)) * place("start").normal([1, draws])
        let logit = log(chance / (1 - chance)) / 2
        let grid = try Spacing.uniform.grid(steps: steps, for: schedule).overstepping(by: overstep)
        let end = sampler.sample(
            from: x, along: grid, schedule: schedule, noise: StepNoise([place]), clip: clip ? { $0.clamped(-1, 1) } : nil
        ) { x, t, _ in
            let (a, s) = (schedule.alpha(t), schedule.sigma(t))
            return Prediction((x * Float(a / (s * s)) + Float(logit)).tanh(), .x0)
        }
        return Double(end.values.count { $0 > 0 }) / Double(draws)
    }

    @Test func `gamma is the published code's`() {
        // cos²((t + 0.0002) / 1.00025 · π/2) at 0.25, 0.5 and 1.
        for (t, gamma) in [(0.25, 0.85340), (0.5, 0.49988), (1, 6.17e-9)] {
            #expect(abs(pow(schedule.alpha(t), 2) - gamma) < 2e-4 * max(gamma, 1e-3))
            #expect(abs(pow(schedule.alpha(t), 2) + pow(schedule.sigma(t), 2) - 1) < 1e-12)
        }
        #expect(schedule.alpha(0) == 1 && schedule.sigma(0) == 0 && schedule.level(at: 0).isClean)
    }

    @Test func `steps go further than the next one begins, in steps and not in time`() throws {
        let grid = try Spacing.uniform.grid(steps: 5, for: schedule).overstepping(by: 1)
        let expected = [(1, 0.6), (0.8, 0.4), (0.6, 0.2), (0.4, 0), (0.2, 0)]
        for (interval, (now, next)) in zip(grid.intervals, expected) {
            #expect(abs(interval.now - now) < 1e-12 && abs(interval.next - next) < 1e-12)
        }
        #expect(
            try Spacing.uniform.grid(steps: 5, for: schedule).overstepping(by: 0) == Spacing.uniform.grid(steps: 5, for: schedule)
        )
    }

    @Test(arguments: [(5, 0.1705), (20, 0.1933), (100, 0.2001)])
    func `DDIM finds the chance of the bit as its steps grow`(steps: Int, expected: Double) throws {
        let found = try share(DDIMSampler(), steps: steps, overstep: 0, draws: 400_000)
        #expect(abs(found - expected) < 0.003, "\(found) and not \(expected)")
    }

    @Test(arguments: [(0.0, 0.1999), (1, 0.0706), (4, 0.0007)])
    func `intervals that overstep seek the likely bit under DDIM`(overstep: Double, expected: Double) throws {
        let found = try share(DDIMSampler(), steps: 100, overstep: overstep, draws: 400_000)
        #expect(abs(found - expected) < 0.003, "\(found) and not \(expected)")
    }

    @Test(arguments: [(0.0, 0.2011), (0.2, 0.1832), (1, 0.1401), (4, 0.0936)])
    func `and under DDPM with the large variance`(overstep: Double, expected: Double) throws {
        let found = try share(AncestralSampler(variance: .large), steps: 100, overstep: overstep, draws: 200_000)
        #expect(abs(found - expected) < 0.004, "\(found) and not \(expected)")
    }

    /// What is handed over is the last estimate: the state is it, where the last steps end at the data.
    @Test func `the last state is the last estimate, not what was before it`() throws {
        let grid = try Spacing.uniform.grid(steps: 5, for: schedule).overstepping(by: 1)
        let place = Noise(seed: 6)
        var (states, estimates): ([Tensor], [Tensor]) = ([], [])
        let end = AncestralSampler(variance: .large).sample(
            from: place("start").normal([1, 500]), along: grid, schedule: schedule, noise: StepNoise([place]),
            observe: {
                states.append($0.state)
                estimates.append($0.x0)
            },
            predict: { x, t, _ in Prediction((x * 3 + Noise(seed: 7)(Int(t * 10)).normal([1, 500])).tanh(), .x0) })
        expectIdentical(end, estimates.last!)
        // Two steps ended at the data, and the second changed its mind.
        #expect(zip(states[3].values, end.values).contains { ($0 > 0) != ($1 > 0) })
    }

    @Test func `clipped estimates and their noise still make the state`() {
        let level = schedule.level(at: 0.4)
        let x = Noise(seed: 8).normal([3, 40]) * 3
        let estimate = Estimate(Prediction(x * 2, .x0), at: x, level) { $0.clamped(-1, 1) }
        #expect(estimate.x0.values.allSatisfy { abs($0) <= 1 } && estimate.x0.values.contains { abs($0) == 1 })
        expectClose(level.alpha * estimate.x0 + level.sigma * estimate.epsilon, x, absolute: 1e-5)
    }
}
