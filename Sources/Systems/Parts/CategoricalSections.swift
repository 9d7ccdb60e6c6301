import Diffusion
import Tensors

// How the parts of categorical diffusion are named in experiment files.

/// `corruption:` how tokens are lost, and what training asks of them.
struct CategoricalSection {
    enum Kind: String, CaseIterable {
        /// The paper's mask-and-replace, the released code's table, masks only, replacement only.
        case maskAndReplace = "mask_and_replace"
        case released, absorbing, uniform
    }

    /// What a system chooses where the file says nothing.
    struct Defaults {
        var kind = Kind.maskAndReplace
        var steps = 100
        var shape = MaskAndReplace.Shape.linear
        var loss = CategoricalObjective.Form.bound
        var auxiliary: Float = 5e-4
        var smoothing: Float = 0
    }

    let objective: any TokenObjective
    /// Of the times that training sees; nil for uniform ones.
    let importance: StepImportance?

    var schedule: any CategoricalSchedule { objective.corruption.schedule }

    /// Keys: those of the schedule, `loss`, `auxiliary`, `smoothing`, `time`.
    init(_ section: Section, codes: Int, _ defaults: Defaults) throws {
        let (schedule, kind) = try Self.schedule(section, codes, defaults)
        let form = try section.choice("loss", default: defaults.loss)
        if form != .bound && kind != .absorbing {
            throw section.error(
                "loss", "asks for masks only", expected: "bound, or kind: absorbing",
                found: "\(form.rawValue) with \(kind.rawValue)")
        }
        objective = CategoricalObjective(
            schedule, form: form,
            auxiliary: form == .bound ? try section.float("auxiliary", default: defaults.auxiliary, in: 0...10) : 0,
            smoothing: form == .masked ? try section.float("smoothing", default: defaults.smoothing, in: 0...0.999) : 0)
        let times = try section.choice(
            "time", among: ["uniform", "importance"], default: form == .bound ? "importance" : "uniform")
        if times == "importance" && form != .bound {
            throw section.error(
                "time", "follows the bound's losses", expected: "uniform with loss: \(form.rawValue)", found: times)
        }
        importance = times == "importance" ? StepImportance(steps: schedule.steps) : nil
    }

    /// Of networks that do not see the token they speak of. Keys: those of the schedule, `parameterization`, `auxiliary`.
    init(matchingRatios section: Section, codes: Int, _ defaults: Defaults) throws {
        let (schedule, kind) = try Self.schedule(section, codes, defaults)
        let form = try section.choice("parameterization", default: RatioMatching.Form.implicit)
        if form == .direct && schedule.masks {
            throw section.error(
                "parameterization", "has no chances for masks", expected: "implicit, or kind: uniform",
                found: "\(form.rawValue) with \(kind.rawValue)")
        }
        objective = RatioMatching(
            schedule, form: form,
            auxiliary: form == .implicit ? try section.float("auxiliary", default: defaults.auxiliary, in: 0...10) : 0)
        importance = nil
    }

    /// Keys: `kind`, `steps`, `shape`, `mask_share`.
    private static func schedule(
        _ section: Section, _ codes: Int, _ defaults: Defaults
    ) throws -> (any CategoricalSchedule, Kind) {
        let kind = try section.choice("kind", default: defaults.kind)
        let steps = try section.int("steps", default: defaults.steps, in: 2...100_000)
        if kind == .released { return (ReleasedMaskAndReplace(codes: codes, steps: steps), kind) }
        let share = kind == .maskAndReplace ? try section.number("mask_share", default: 0.9, in: 0...1) : 0
        let shape = try section.choice("shape", default: defaults.shape)
        return (
            MaskAndReplace(codes: codes, steps: steps, maskShare: kind == .absorbing ? 1 : share, shape: shape), kind
        )
    }
}

/// Samplers of tokens by the names of experiment files and `--sampler`.
public enum TokenSamplers {
    public static let names = ["ancestral", "confidence", "purity", "critic", "random", "rates", "tau-leaping"]
}
