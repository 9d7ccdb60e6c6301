import Diffusion
import Tensors

// How the parts of categorical diffusion are named in experiment files.

/// `corruption:` kind, steps, mask share, shape, loss, times.
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

    let schedule: any CategoricalSchedule
    let objective: CategoricalObjective
    /// Of the times that training sees; nil for uniform ones.
    let importance: StepImportance?

    /// Keys: `kind`, `steps`, `shape`, `mask_share`, `loss`, `auxiliary`, `smoothing`, `time`.
    init(_ section: Section, codes: Int, _ defaults: Defaults) throws {
        let kind = try section.choice("kind", default: defaults.kind)
        let steps = try section.int("steps", default: defaults.steps, in: 2...100_000)
        if kind == .released {
            schedule = ReleasedMaskAndReplace(codes: codes, steps: steps)
        } else {
            let share = kind == .maskAndReplace ? try section.number("mask_share", default: 0.9, in: 0...1) : 0
            schedule = MaskAndReplace(
                codes: codes, steps: steps, maskShare: kind == .absorbing ? 1 : share,
                shape: try section.choice("shape", default: defaults.shape))
        }
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
        importance = times == "importance" ? StepImportance(steps: steps) : nil
    }
}

/// Samplers of tokens by the names of experiment files and `--sampler`.
public enum TokenSamplers {
    public static let names = ["ancestral", "confidence", "purity", "critic", "rates", "tau-leaping"]
}
