import Diffusion
import Tensors

// How the parts of Gaussian diffusion are named in experiment files. Schedule, time density, weighting, parameterisation, grid and
// sampler are five choices, each swappable alone.

/// `corruption:` schedule, steps, parameterization, time density, weighting, loss.
struct GaussianSection {
    let schedule: any Schedule
    let parameterization: Parameterization
    let density: any TimeDensity
    let weighting: any Weighting
    /// The error is not squared.
    let isAbsolute: Bool

    /// What a system takes when its section says nothing.
    struct Defaults {
        var schedule = "linear"
        /// The schedule's own when nil.
        var parameterization: Parameterization?
    }

    /// What a system fixes that has no choice.
    init(_ schedule: any Schedule, _ parameterization: Parameterization) {
        self.schedule = schedule
        self.parameterization = parameterization
        density = UniformTimes()
        weighting = SimpleWeighting()
        isAbsolute = false
    }

    init(_ section: Section, _ defaults: Defaults = Defaults()) throws {
        _ = try section.choice("kind", among: ["gaussian"], default: "gaussian")
        let chains = BetaTable.named.map(\.name)
        let name = try section.choice(
            "schedule", among: chains + ["flow", "vp_cosine", "gamma_cosine"], default: defaults.schedule)
        let table = BetaTable.named.first { $0.name == name }?.table
        let steps = table == nil ? 1000 : try section.int("steps", default: 1000, in: 1...100_000)
        if let table {
            schedule = try ChainSchedule(
                table, steps: steps, zeroTerminalSNR: try section.bool("zero_terminal_snr", default: false))
        } else if name == "flow" {
            schedule = FlowMatching(shift: try section.number("shift", default: 1, in: 0.01...100))
        } else {
            schedule =
                name == GammaCosine.name
                ? GammaCosine() : VariancePreservingCosine(shift: try section.number("shift", default: 1, in: 0.01...100))
        }
        let usual: Parameterization = name == "flow" ? .velocity : .epsilon
        parameterization = try section.choice("parameterization", default: defaults.parameterization ?? usual)
        switch try section.choice("time", among: ["uniform", "logit_normal"], default: "uniform") {
        case "logit_normal":
            density = LogitNormalTimes(
                mean: try section.number("time_mean", default: 0), deviation: try section.number("time_deviation", default: 1))
        default: density = table == nil ? UniformTimes() : UniformSteps(steps: steps)
        }
        switch try section.choice("weighting", among: ["simple", "min_snr"], default: "simple") {
        case "min_snr": weighting = MinSNRWeighting(gamma: try section.number("gamma", default: 5, in: Section.positive))
        default: weighting = SimpleWeighting()
        }
        isAbsolute = try section.choice("loss", among: ["l1", "l2"], default: "l2") == "l1"
    }
}

/// Samplers by the names of experiment files and `--sampler`.
public enum Samplers {
    public static let names = ["ddpm", "ddim", "euler", "heun", "dpmpp-2m"]

    /// - Parameter eta: of DDIM, 0 deterministic to 1 ancestral.
    static func named(
        _ name: String, eta: Double, variance: AncestralSampler.Variance
    ) throws(InputError) -> any Sampler {
        switch name {
        case "ddpm": return AncestralSampler(variance: variance)
        case "ddim": return DDIMSampler(eta: eta)
        case "euler": return EulerSampler()
        case "heun": return HeunSampler()
        case "dpmpp-2m": return DPMSolver2M()
        default:
            throw InputError(
                "unknown sampler", at: "--sampler", expected: "one of " + names.joined(separator: ", "), found: "'\(name)'",
                hint: nearestName(to: name, among: names).map { "did you mean '\($0)'?" })
        }
    }
}
