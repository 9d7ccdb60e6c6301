import Diffusion
import Glibc
import TestKit
import Tensors
import Testing

/// Whole trajectories of diffusers' schedulers, whose "network" is 0.3 x cos(t / 500) + 0.1.
@Suite struct SamplerGoldenTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var sampler: any Sampler
        var spacing: Spacing? = .leading
        var table = BetaTable.linear()
        var kind: Parameterization?
        /// Their state is x / α.
        var isScaled = false
        var clips = false
        var learnsVariance = false
        var roundsTime = false
        var testDescription: String { name }
    }

    static let chains: [Case] = [
        Case(name: "ddpm.epsilon", sampler: AncestralSampler()),
        Case(name: "ddpm.sample", sampler: AncestralSampler()),
        Case(name: "ddpm.v_prediction", sampler: AncestralSampler()),
        Case(name: "ddpm.cosine", sampler: AncestralSampler(), table: .cosine()),
        Case(name: "ddpm.large", sampler: AncestralSampler(variance: .large)),
        Case(name: "ddpm.clip", sampler: AncestralSampler(variance: .small), clips: true),
        Case(name: "ddpm.trailing", sampler: AncestralSampler(), spacing: .trailing),
        Case(name: "ddpm.learned_range", sampler: AncestralSampler(), learnsVariance: true),
        Case(name: "ddim.epsilon", sampler: DDIMSampler()),
        Case(name: "ddim.sample", sampler: DDIMSampler()),
        Case(name: "ddim.v_prediction", sampler: DDIMSampler()),
        Case(name: "ddim.eta05", sampler: DDIMSampler(eta: 0.5)),
        Case(name: "ddim.eta1", sampler: DDIMSampler(eta: 1)),
        Case(name: "ddim.trailing", sampler: DDIMSampler(), spacing: .trailing),
    ]

    static let solvers: [Case] =
        ["epsilon", "sample", "v_prediction", "leading", "karras"].map {
            Case(
                name: "euler.\($0)", sampler: EulerSampler(),
                spacing: $0 == "karras" ? .karras : $0 == "leading" ? nil : .linspace, table: .scaledLinear(),
                isScaled: true)
        }
        + ["epsilon", "v_prediction", "karras"].map {
            Case(
                name: "heun.\($0)", sampler: HeunSampler(), spacing: $0 == "karras" ? .karras : .linspace,
                table: .scaledLinear(), isScaled: true)
        }
        + ["epsilon", "sample", "v_prediction", "trailing", "first", "karras"].map {
            Case(
                name: "dpm.\($0)", sampler: DPMSolver2M(order: $0 == "first" ? 1 : 2),
                spacing: $0 == "karras" ? .karras : $0 == "trailing" ? .trailing : nil, roundsTime: $0 == "karras")
        }

    @Test(arguments: chains) func `DDPM and DDIM trajectories agree with diffusers`(c: Case) throws {
        try compare(c, "schedules.safetensors", try ChainSchedule(c.table))
    }

    @Test(arguments: solvers) func `ODE solvers' trajectories agree with diffusers`(c: Case) throws {
        try compare(c, "solvers.safetensors", try ChainSchedule(c.table))
    }

    @Test(arguments: [1.0, 3.0]) func `flow-matching trajectories agree with diffusers`(shift: Double) throws {
        let name = "flow.shift\(Int(shift))"
        let sigmas = try Goldens.open("solvers.safetensors").tensor("\(name).sigmas").values
        // Both as a shifted schedule and as a grid of the plain one.
        for schedule in [FlowMatching(shift: shift), FlowMatching()] {
            let grid = TimeGrid(times: sigmas.map { schedule.time(ratio: Double($0) / (1 - Double($0))) })
            for sampler in [EulerSampler(), DDIMSampler()] as [any Sampler] {
                try compare(
                    Case(name: name, sampler: sampler, kind: .velocity), "solvers.safetensors", schedule, grid: grid)
            }
        }
    }

    func compare(_ c: Case, _ fixture: String, _ schedule: any Schedule, grid: TimeGrid? = nil) throws {
        let file = try Goldens.open(fixture)
        let states = try file.tensor("\(c.name).states")
        let published = try file.tensor("\(c.name).timesteps").values
        let grid =
            try grid ?? c.spacing?.grid(steps: 10, for: schedule)
            ?? TimeGrid(times: published.map { (Double($0) + 1) / 1000 })
        let kind = c.kind ?? (c.name.hasSuffix("sample") ? .x0 : c.name.hasSuffix("v_prediction") ? .v : .epsilon)
        let noise = try file.tensor("noise")
        let first = c.isScaled ? Float(schedule.alpha(grid.start)) : 1
        var found: [Tensor] = []
        _ = c.sampler.sample(
            from: states.slice(0, 0..<1).squeezed(0) * first, along: grid, schedule: schedule,
            noise: StepNoise(given: { step, _ in noise.slice(0, step..<step + 1).squeezed(0) }),
            clip: c.clips ? Clipping.range(1) : nil, observe: { found.append($0.state) }
        ) { x, time, _ in
            let t = schedule.networkTime(time)
            let cosine = Float(cos((c.roundsTime ? t.rounded() : t) / 500))
            return Prediction(x * 0.3 * cosine + 0.1, kind, variance: c.learnsVariance ? x.sin() * 0.8 : nil)
        }
        #expect(found.count == 10)
        // Heun's rule takes two calls a step, the last one excepted.
        let calls = states.shape[0] - 1
        let callsPerStep = (calls + 9) / 10
        for (i, state) in found.enumerated() {
            let call = min(calls, (i + 1) * callsPerStep)
            let theirs = states.slice(0, call..<call + 1).squeezed(0)
            let scale = c.isScaled ? Float(schedule.alpha(grid.intervals[i].next)) : 1
            expectClose(state, theirs * scale, relative: 1e-4, "\(c.name), step \(i):")
        }
    }
}
