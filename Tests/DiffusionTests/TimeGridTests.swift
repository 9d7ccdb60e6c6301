import Diffusion
import TestKit
import Tensors
import Testing

@Suite struct TimeGridTests {
    let chain = try! ChainSchedule()

    /// Published step numbers, from 0.
    func steps(_ grid: TimeGrid, _ schedule: any Schedule) -> [Float] {
        grid.times.map { Float(schedule.networkTime($0)) }
    }

    @Test func `grids visit the steps that diffusers visits`() throws {
        let file = try Goldens.open("schedules.safetensors")
        for (name, spacing) in [
            ("ddpm.epsilon", Spacing.leading), ("ddpm.trailing", .trailing), ("ddim.trailing", .trailing),
        ] {
            #expect(
                steps(try spacing.grid(steps: 10, for: chain), chain) == (try file.tensor("\(name).timesteps").values),
                "\(name)")
        }
        let solvers = try Goldens.open("solvers.safetensors")
        let scaled = try ChainSchedule(.scaledLinear())
        for (name, spacing) in [("euler.epsilon", Spacing.linspace), ("euler.karras", .karras)] {
            let grid = try spacing.grid(steps: 10, for: scaled)
            expectClose(
                Tensor(steps(grid, scaled), [10]), try solvers.tensor("\(name).timesteps"), relative: 0, absolute: 0.05,
                name)
            expectClose(
                Tensor(grid.times.map { Float(scaled.ratio($0)) } + [0], [11]), try solvers.tensor("\(name).sigmas"),
                relative: 1e-5, name)
        }
    }

    @Test(arguments: Spacing.allCases) func `every grid leads from noise to data without gaps`(spacing: Spacing) throws {
        for schedule in ScheduleTests.all {
            for n in [1, 2, 7, 250] {
                let grid = try spacing.grid(steps: n, for: schedule)
                #expect(grid.count == n)
                #expect(grid.intervals.last!.next == 0)
                #expect(zip(grid.intervals, grid.intervals.dropFirst()).allSatisfy { $0.next == $1.now })
                #expect(grid.start <= 1 && (spacing == .leading || n == 1 || grid.start == 1), "\(grid.start)")
            }
        }
    }

    @Test func `respacing keeps the steps that improved-diffusion keeps`() throws {
        let file = try Goldens.open("improved_ddpm.safetensors")
        for (name, rule) in [("linear10", "10"), ("cosine25", "25")] {
            let kept = try TimeGrid.respaced(rule, of: 1000)
            #expect(steps(kept, chain).reversed().map(Int32.init) == (try file.tokens("\(name).kept").values))
        }
        // Worked by hand: sections 0...3, 4...6, 7...9 of ten.
        let sections = try TimeGrid.respaced("2,3,1", of: 10)
        #expect(sections.times.map { Int(($0 * 10).rounded()) - 1 } == [7, 6, 5, 4, 3, 0])
        let strided = try TimeGrid.respaced("ddim50", of: 1000)
        #expect(steps(strided, chain).reversed() == (0..<50).map { Float($0 * 20) })
        #expect(throws: InputError.self) { try TimeGrid.respaced("ddim51", of: 1000) }
        for rule in ["", "0", "-3", "a", "5,,5", "1001", "600,10", "ddim", "ddim0", "1.5"] {
            #expect(throws: InputError.self, "\(rule)") { try TimeGrid.respaced(rule, of: 1000) }
        }
    }

    @Test func `keeping every step is the chain itself`() throws {
        let grid = try TimeGrid.respaced("1000", of: 1000)
        #expect(grid.times == (1...1000).reversed().map { chain.time(step: $0) })
        for (i, interval) in grid.intervals.enumerated() {
            let k = 1000 - i
            let posterior = GaussianPosterior(from: chain.level(at: interval.now), to: chain.level(at: interval.next))
            let (beta, bar, before) = (chain.betas[k - 1], chain.alphaBars[k], chain.alphaBars[k - 1])
            #expect(abs(posterior.stepVariance.scalar / beta - 1) < 1e-9)
            #expect(abs(posterior.variance.scalar - beta * (1 - before) / (1 - bar)) < 1e-12)
            #expect(abs(posterior.fromX0.scalar - before.squareRoot() * beta / (1 - bar)) < 1e-9)
            #expect(abs(posterior.fromState.scalar - (1 - beta).squareRoot() * (1 - before) / (1 - bar)) < 1e-9)
        }
    }

    @Test(arguments: ["linear", "linear10", "cosine", "cosine25"])
    func `posteriors of respaced chains are the fixture's`(
        name: String
    ) throws {
        let file = try Goldens.open("improved_ddpm.safetensors")
        let chain = try ChainSchedule(name.hasPrefix("cosine") ? .cosine() : .linear())
        let count = name == "linear10" ? 10 : name == "cosine25" ? 25 : 1000
        let grid = try TimeGrid.respaced("\(count)", of: 1000)
        let all = grid.intervals.reversed().map {
            GaussianPosterior(from: chain.level(at: $0.now), to: chain.level(at: $0.next))
        }
        func check(_ key: String, _ value: (GaussianPosterior) -> Double) throws {
            expectClose(
                Tensor(all.map { Float(value($0)) }, [count]), try file.tensor("\(name).\(key)"), relative: 1e-6, key)
        }
        try check("betas") { $0.stepVariance.scalar }
        try check("posterior_variance") { $0.variance.scalar }
        try check("posterior_x0") { $0.fromX0.scalar }
        try check("posterior_xt") { $0.fromState.scalar }
        try check("log_variance_max") { $0.stepVariance.logarithm.scalar }
        let floors = try file.tensor("\(name).log_variance_min").values
        for i in 1..<count { #expect(abs(all[i].variance.logarithm.scalar - Double(floors[i])) < 1e-5) }
        // The same numbers as a chain of its own, whose first step takes the second's least variance.
        let own = try ChainSchedule(betas: all.map(\.stepVariance.scalar))
        let times = (1...count).map { Float($0) / Float(count) }
        let (posterior, floor, isFirst) = own.posterior(at: times, rank: 2)
        #expect(isFirst == (0..<count).map { $0 == 0 })
        #expect(floor.shape == [count, 1])
        for i in 0..<count {
            #expect(abs(floor.values[i] - Double(floors[i])) < 2e-5)
            #expect(abs(posterior.fromX0.values[i] - all[i].fromX0.scalar) < 1e-8)
        }
    }

    @Test func `impossible numbers of steps are refused`() {
        for spacing in Spacing.allCases {
            #expect(throws: InputError.self) { try spacing.grid(steps: 0, for: chain) }
            #expect(throws: InputError.self) { try spacing.grid(steps: -4, for: chain) }
        }
        for spacing in [Spacing.leading, .trailing, .respaced] {
            #expect(throws: InputError.self) { try spacing.grid(steps: 1001, for: chain) }
        }
    }

    @Test func `a strength keeps the last steps and a shift moves towards the noise`() throws {
        let grid = try Spacing.uniform.grid(steps: 10, for: FlowMatching())
        #expect(grid.suffix(strength: 1) == grid)
        #expect(grid.suffix(strength: 0).count == 0)
        #expect(grid.suffix(strength: 0.35).times == Array(grid.times.suffix(3)))
        #expect(grid.suffix(strength: 0.3).count == 3 && grid.suffix(strength: 0.7).count == 7)
        let shifted = grid.shifted(by: 3)
        #expect(shifted.start == 1 && shifted.intervals.last!.next == 0)
        for (a, b) in zip(grid.times, shifted.times) { #expect(abs(FlowMatching(shift: 3).sigma(a) - b) < 1e-15) }
    }

    @Test func `log-SNR steps are even, after the first where that has no signal`() throws {
        for (schedule, first) in [(VariancePreservingCosine(), 1), (chain, 0)] as [(any Schedule, Int)] {
            let grid = try Spacing.logSNR.grid(steps: 9, for: schedule)
            let values = grid.times.dropFirst(first).map { schedule.logSNR($0) }
            #expect(abs(values.last! - schedule.logSNR(0.001)) < 1e-6)
            for i in 2..<values.count { #expect(abs((values[i] - values[i - 1]) - (values[1] - values[0])) < 0.02) }
        }
    }
}
