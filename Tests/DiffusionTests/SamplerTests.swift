import Diffusion
import Glibc
import TestKit
import Tensors
import Testing

@Suite struct SamplerTests {
    static let all: [any Sampler] = [
        AncestralSampler(variance: .small), AncestralSampler(variance: .large), AncestralSampler(variance: .learned),
        DDIMSampler(), DDIMSampler(eta: 0.7), EulerSampler(), HeunSampler(), DPMSolver2M(),
        DPMSolver2M(lowersFinalOrder: false),
    ]
    /// The fewest steps that bring each to within the bound below.
    static let deterministic: [any Sampler] = [DDIMSampler(), EulerSampler(), HeunSampler(), DPMSolver2M()]

    /// σ/α from 0.05 to 20, smooth, clean nowhere: all of a solver's error is its own.
    struct Geometric: Schedule {
        var coordinates = PathCoordinates.ratio
        var steps: Int { 1000 }
        func ratio(_ t: Double) -> Double { 0.05 * pow(400, t) }
        func alpha(_ t: Double) -> Double { 1 / (1 + ratio(t) * ratio(t)).squareRoot() }
        func sigma(_ t: Double) -> Double { ratio(t) * alpha(t) }
        func networkTime(_ t: Double) -> Double { t }
    }

    /// Largest error at the end of n steps along the exact flow of Gaussian data, on which (x - α m) / √(α²
    /// d² + σ²) stays what it was.
    func error(_ sampler: any Sampler, _ schedule: any Schedule, _ n: Int) -> Double {
        let (m, d) = (0.4, 0.6)
        let mixture = GaussianMixture(mean: [m], deviation: [d])
        func spread(_ t: Double) -> Double {
            let (a, s) = (schedule.alpha(t), schedule.sigma(t))
            return (a * a * d * d + s * s).squareRoot()
        }
        let units: [Double] = [-2, -1, 0.3, 1.5]
        let times = (0..<n).map { 1 - Double($0) / Double(n) }
        let grid = TimeGrid(times: times)
        let start = Tensor(units.map { Float(schedule.alpha(1) * m + spread(1) * $0) }, [4, 1])
        let end = sampler.sample(from: start, along: grid, schedule: schedule, noise: StepNoise([])) { x, t, _ in
            Prediction(mixture.denoised(x, alpha: schedule.alpha(t), sigma: schedule.sigma(t)), .x0)
        }
        return zip(end.values, units).map { abs(Double($0) - schedule.alpha(0) * m - spread(0) * $1) }.max()!
    }

    @Test func `halving the step divides the error by the order`() {
        let cases: [(any Sampler, any Schedule, Double)] = [
            (EulerSampler(), Geometric(), 1), (DDIMSampler(), Geometric(), 1), (DPMSolver2M(order: 1), Geometric(), 1),
            (HeunSampler(), Geometric(), 2), (HeunSampler(), Geometric(coordinates: .straight), 2),
            (DPMSolver2M(lowersFinalOrder: false), Geometric(), 2),
            (EulerSampler(), FlowMatching(), 1), (EulerSampler(), VariancePreservingCosine(), 1),
            (HeunSampler(), FlowMatching(), 2), (HeunSampler(), VariancePreservingCosine(), 2),
        ]
        for (sampler, schedule, order) in cases {
            let errors = [32, 64, 128].map { error(sampler, schedule, $0) }
            let measured = zip(errors, errors.dropFirst()).map { log2($0 / $1) }
            let name = "\(type(of: sampler)) on \(type(of: schedule)): errors \(errors), orders \(measured)"
            #expect(measured.allSatisfy { abs($0 - order) < 0.1 }, "\(name)")
            #expect(errors[2] < (order == 1 ? 0.02 : 0.0005), "\(name)")
        }
        // From pure noise to clean data in even times, λ's steps are unequal at both ends: the error is h²
        // ln(1/h).
        for schedule in [FlowMatching(), VariancePreservingCosine()] as [any Schedule] {
            let errors = [128, 256].map { error(DPMSolver2M(), schedule, $0) }
            let ratio = errors[0] / errors[1], expected = 4 * log(128.0) / log(256.0)
            #expect(ratio > 0.85 * expected && ratio < 4.2 && errors[1] < 0.0005, "\(type(of: schedule)): \(errors)")
        }
    }

    @Test(arguments: all.indices) func `the exact denoiser gives back the data's law`(index: Int) throws {
        let sampler = Self.all[index]
        let mixture = ExactDenoiserTests.mixture
        let schedule = try ChainSchedule()
        let isStochastic = sampler is AncestralSampler || sampler as? DDIMSampler == DDIMSampler(eta: 0.7)
        let grid = try (isStochastic ? Spacing.respaced : .karras).grid(steps: isStochastic ? 250 : 40, for: schedule)
        let n = 3000
        let places = (0..<n).map { Noise(seed: 8)($0) }
        let x = sampler.sample(
            from: GaussianCorruption(schedule).prior(places, [3]), along: grid, schedule: schedule,
            noise: StepNoise(places), predict: ExactDenoiser(mixture, schedule).predictor(schedule: schedule))
        // Four standard errors of the widest entry, plus the sampler's own.
        expectMoments(x, mixture, within: 0.09)
        let own = (0..<n).filter { b in
            let point = x.slice(0, b..<b + 1).values.map(Double.init)
            return mixture.posterior(point, alpha: 1, sigma: 0.05).chances[0] > 0.5
        }
        #expect(abs(Double(own.count) / Double(n) - 0.75) < 0.035)
    }

    @Test(arguments: all.indices) func `a seed's sample is the same in every batch, bit for bit`(index: Int) throws {
        let schedule = try ChainSchedule(.cosine())
        let places = (0..<7).map { Noise(seed: 11)("sample")($0) }
        let grid = try Spacing.trailing.grid(steps: 6, for: schedule)
        for shape in [[3, 3, 1], [50, 37]] {
            func run(_ rows: [Int]) -> Tensor {
                let places = rows.map { places[$0] }
                return Self.all[index].sample(
                    from: GaussianCorruption(schedule).prior(places, shape), along: grid, schedule: schedule,
                    noise: StepNoise(places), clip: Clipping.dynamic(quantile: 0.9)
                ) { x, t, previous in
                    let output = x.sin() * Float(t) + (previous ?? .zeros(x.shape)) * 0.1
                    return Prediction(output, .v, variance: output.cos())
                }
            }
            let whole = run(Array(0..<7))
            #expect(whole.values.allSatisfy { $0.isFinite })
            for rows in [[0], [1, 2, 3], [6, 5, 4]] {
                expectIdentical(
                    run(rows), concatenated(rows.map { whole.slice(0, $0..<$0 + 1) }, axis: 0), "\(rows) of \(shape)")
            }
        }
    }

    @Test func `DDIM with eta one is ancestral sampling, and Euler is DDIM with eta zero`() throws {
        let schedule = try ChainSchedule()
        let places = (0..<3).map { Noise(seed: 1)($0) }
        let grid = try Spacing.leading.grid(steps: 12, for: schedule)
        let start = GaussianCorruption(schedule).prior(places, [5])
        func run(_ sampler: any Sampler) -> Tensor {
            sampler.sample(from: start, along: grid, schedule: schedule, noise: StepNoise(places)) { x, t, _ in
                Prediction(x.tanh(), .x0)
            }
        }
        expectClose(run(DDIMSampler(eta: 1)), run(AncestralSampler(variance: .small)), relative: 1e-5)
        expectClose(run(EulerSampler()), run(DDIMSampler()), relative: 1e-6)
        #expect(run(DDIMSampler(eta: 1)).values != run(DDIMSampler()).values)
    }

    @Test(arguments: Parameterization.gaussian) func `the parameterisation does not change the sample`(
        kind: Parameterization
    ) {
        let schedule = VariancePreservingCosine()
        let x = Noise(seed: 4).normal([5, 3])
        // ε is undefined at t = 1 here.
        let grid = TimeGrid(times: [0.97, 0.8, 0.6, 0.4, 0.2])
        for sampler in Self.deterministic {
            func run(_ kind: Parameterization) -> Tensor {
                sampler.sample(
                    from: x, along: grid, schedule: schedule, noise: StepNoise([]),
                    predict: ExactDenoiser(ExactDenoiserTests.mixture, schedule, saying: kind).predictor(
                        schedule: schedule))
            }
            expectClose(run(kind), run(.x0), relative: 1e-4, "\(type(of: sampler))")
        }
    }

    @Test func `runs from pure noise stay finite where nothing is left of the data`() throws {
        let x = Noise(seed: 4).normal([5, 3])
        for schedule in [
            FlowMatching(), VariancePreservingCosine(), try ChainSchedule(.scaledLinear(), zeroTerminalSNR: true),
            try ChainSchedule(.cosine()),
        ] as [any Schedule] {
            for spacing in [Spacing.trailing, .uniform, .karras, .logSNR] {
                let grid = try spacing.grid(steps: 25, for: schedule)
                for sampler in Self.deterministic {
                    let found = sampler.sample(
                        from: x, along: grid, schedule: schedule, noise: StepNoise([]),
                        predict: ExactDenoiser(ExactDenoiserTests.mixture, schedule, saying: .v).predictor(
                            schedule: schedule))
                    let name = "\(type(of: sampler)), \(type(of: schedule)), \(spacing)"
                    #expect(found.values.allSatisfy { $0.isFinite && abs($0) < 6 }, "\(name)")
                }
            }
        }
    }

    @Test func `each step is shown, told the estimate before it, clipped and constrained`() {
        let schedule = FlowMatching()
        let x = Noise(seed: 4).normal([2, 3])
        let grid = TimeGrid(times: [1, 0.5, 0.25])
        var told: [Tensor?] = []
        var shown: [SamplingProgress] = []
        var constrained: [Double] = []
        let end = EulerSampler().sample(
            from: x, along: grid, schedule: schedule, noise: StepNoise([]), clip: Clipping.range(0.5),
            constrain: { state, time in
                constrained.append(time)
                return state
            }, observe: { shown.append($0) }
        ) { state, time, previous in
            told.append(previous)
            return Prediction(state * 3, .x0)
        }
        #expect(constrained == [1, 0.5, 0.25, 0])
        #expect(shown.map(\.index) == [0, 1, 2] && shown.allSatisfy { $0.count == 3 })
        #expect(shown.map(\.interval) == grid.intervals)
        #expect(told[0] == nil)
        for i in 1..<3 { expectIdentical(told[i]!, shown[i - 1].x0) }
        expectIdentical(shown[0].x0, (x * 3).clamped(-0.5, 0.5))
        // ε agrees with the clipped estimate: at t = 1 it is the state itself.
        expectClose(shown[0].state, shown[0].x0 * 0.5 + x * 0.5, relative: 1e-6)
        expectIdentical(end, shown[2].state)
        expectIdentical(end, shown[2].x0)
        expectIdentical(
            EulerSampler().sample(
                from: x, along: TimeGrid(times: []), schedule: schedule, noise: StepNoise([]),
                predict: { _, _, _ in preconditionFailure("an empty grid asks nothing") }), x)
    }

    @Test func `dynamic clipping bounds each sample by its own quantile`() {
        let x = Tensor([0.1, -0.5, 0.9, -0.2, 1, -2, 3, -4], [2, 4])
        let found = Clipping.dynamic(quantile: 1)(x)
        expectClose(found, Tensor([0.1, -0.5, 0.9, -0.2, 0.25, -0.5, 0.75, -1], [2, 4]), relative: 1e-6)
        // NumPy: quantile 0.5 of [1, 2, 3, 4] is 2.5.
        expectClose(
            Clipping.dynamic(quantile: 0.5)(x).slice(0, 1..<2), Tensor([0.4, -0.8, 1, -1], [1, 4]), relative: 1e-6)
    }
}
