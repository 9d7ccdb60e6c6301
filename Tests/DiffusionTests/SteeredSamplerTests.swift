import Diffusion
import TestKit
import Tensors
import Testing

/// What samplers of sentences do beside stepping: forgetting the state, sharpening the score, ending early, keeping to vectors of
/// tokens.
@Suite struct SteeredSamplerTests {
    private static let schedule = VariancePreservingCosine()
    private static let grid = TimeGrid(times: (0..<10).map { 0.95 * (1 - Double($0) / 10) })

    /// States after each step of some samples, whose estimate is made of each alone.
    private static func states(_ sampler: any Sampler, of samples: Range<Int>) -> [Tensor] {
        let places = samples.map { Noise(seed: 3)($0) }
        var found: [Tensor] = []
        _ = sampler.sample(
            from: GaussianCorruption(schedule).prior(places, [2]), along: grid, schedule: schedule, noise: StepNoise(places),
            observe: { found.append($0.state) }, predict: { x, _, _ in Prediction(x * 0.3 + 0.2, .x0) })
        return found
    }

    // MARK: - Forgetting the state

    @Test func `a sampler that never forgets is the one below it, bit for bit`() {
        for base in SamplerTests.all {
            let usual = Self.states(base, of: 0..<6)
            for (probability, share) in [(0.0, 1.0), (1.0, 0.0)] {
                let mixed = Self.states(MixedSampler(base, probability: probability, share: share), of: 0..<6)
                for (a, b) in zip(mixed, usual) { expectIdentical(a, b) }
            }
        }
    }

    @Test func `in the first part of the steps each sample forgets by its own coin, as often as asked, and never later`() {
        let base = AncestralSampler(variance: .small)
        let count = 400
        let mixed = MixedSampler(base, probability: 0.3, share: 0.6)
        let states = Self.states(mixed, of: 0..<count)
        let places = (0..<count).map { Noise(seed: 3)($0) }
        var x = GaussianCorruption(Self.schedule).prior(places, [2])
        var forgot: [Int] = []
        for (i, interval) in Self.grid.intervals.enumerated() {
            let (now, next) = (Self.schedule.level(at: interval.now), Self.schedule.level(at: interval.next))
            let (x0, noise) = (x * 0.3 + 0.2, StepNoise(places)(i, [count, 2]))
            let posterior = GaussianPosterior(from: now, to: next)
            let usual = posterior.mean(x0: x0, state: x) + posterior.variance.squareRoot * noise
            let fresh = next.alpha * x0 + next.sigma * noise
            let toUsual = (states[i] - usual).abs().max(1).values, toFresh = (states[i] - fresh).abs().max(1).values
            #expect((0..<count).allSatisfy { min(toUsual[$0], toFresh[$0]) < 1e-5 }, "step \(i)")
            forgot.append((0..<count).count { toFresh[$0] < 1e-5 && toUsual[$0] > 1e-5 })
            x = states[i]
        }
        #expect(forgot.prefix(6).allSatisfy { abs(Double($0) / Double(count) - 0.3) < 0.1 }, "\(forgot)")
        #expect(forgot.suffix(4).allSatisfy { $0 == 0 }, "\(forgot)")
        // Alone, a sample goes the same way.
        for b in [0, 7, 211] {
            let alone = Self.states(mixed, of: b..<b + 1)
            for (own, all) in zip(alone, states) { expectIdentical(own, all.slice(0, b..<b + 1)) }
        }
    }

    // MARK: - Temperature of the score

    @Test func `a temperature of 1 leaves every sampler as it is, bit for bit`() {
        for base in SamplerTests.all {
            let tempered = Self.states(TemperedScore(base, by: 1, along: Self.schedule), of: 0..<6)
            for (a, b) in zip(tempered, Self.states(base, of: 0..<6)) { expectIdentical(a, b) }
        }
    }

    /// dx/dσ = (x - x0) / (σ T), by Euler's and by Heun's rule.
    @Test(arguments: [0.5, 2]) func `the score is divided by the temperature, the estimate is shown and ended at as it is`(
        temperature: Double
    ) {
        let schedule = VarianceExploding(most: 20)
        let grid = TimeGrid(times: [1, 0.6, 0.3, 0.1])
        let start = Noise(seed: 4).normal([3, 2]) * 20
        func estimate(_ x: Tensor) -> Tensor { x.tanh() * 0.7 }
        func slope(_ x: Tensor, _ t: Double) -> Tensor {
            (x - estimate(x)) * Float(1 / (schedule.sigma(t) * temperature))
        }
        for isHeun in [false, true] {
            var (x, shown) = (start, [Tensor?]())
            for interval in grid.intervals.dropLast() {
                let h = Float(schedule.sigma(interval.next) - schedule.sigma(interval.now))
                let first = slope(x, interval.now)
                let next = x + first * h
                x = isHeun ? x + (first + slope(next, interval.next)) * (h / 2) : next
            }
            let base: any Sampler = isHeun ? HeunSampler() : EulerSampler()
            var visited: [Tensor] = []
            let end = TemperedScore(base, by: temperature, along: schedule).sample(
                from: start, along: grid, schedule: schedule, noise: StepNoise([]), observe: { visited.append($0.state) }
            ) { x, _, previous in
                shown.append(previous)
                return Prediction(estimate(x), .x0)
            }
            expectClose(visited[2], x, relative: 1e-4)
            expectClose(end, estimate(x), relative: 1e-4)
            expectClose(shown.last!!, estimate(visited[1]), relative: 1e-4)
        }
    }

    // MARK: - Ending early

    @Test func `a sample is done when it was read alike for as many steps, and then stays as it was whoever goes on`() {
        // What each sample's estimates are read as, step by step.
        let readings: [[Float]] = [[1, 2, 2, 2, 3, 3, 3, 3, 3], [1, 2, 3, 4, 4, 5, 5, 5, 9], [7, 7, 7, 8, 8, 8, 8, 8, 8]]
        func run(_ rows: [Int], patience: Int) -> (steps: Int, ends: [Float]) {
            let settling = Settling(patience: patience) { x in Tokens(x.values.map { Int32($0) }, x.shape) }
            func estimates(_ step: Int) -> Tensor { Tensor(rows.map { readings[$0][step] + Float(step) / 16 }, [rows.count, 1]) }
            var step = 0
            let end = EulerSampler().sample(
                from: .zeros([rows.count, 1]), along: Self.grid, schedule: Self.schedule, noise: StepNoise([]),
                ends: { settling.watch($0.x0) }
            ) { _, _, _ in
                step += 1
                return Prediction(estimates(min(8, step - 1)), .x0)
            }
            return (step, settling.merged(end).values)
        }
        let ends: [Float] = [2.1875, 5.4375, 7.125]
        for (rows, steps) in [([0, 1, 2], 8), ([0], 4), ([1], 8), ([2], 3), ([0, 2], 4)] {
            let found = run(rows, patience: 2)
            #expect(found.steps == steps && found.ends == rows.map { ends[$0] }, "\(rows): \(found)")
        }
        // Nothing stays alike for so long.
        #expect(run([0, 1, 2], patience: 20).steps == 10)
    }

    // MARK: - Clamping

    @Test func `estimates are moved to the nearest row of a table`() {
        let (table, x) = (Noise(seed: 5).normal([9, 4]), Noise(seed: 6).normal([2, 5, 1, 4]))
        let moved = Clipping.nearest(table)(x)
        let distances = (x.reshaped([10, 1, 4]) - table.unsqueezed(0)).square().sum(2)
        expectIdentical(moved, table.gathered(0, (-distances).argmax(1).values.map { Int($0) }).reshaped([2, 5, 1, 4]))
    }
}
