import Denoisers
import Diffusion
import Networks
import Tensors

/// P16: a Diffusion Transformer in a codec's latents, told a class or a sentence (Peebles & Xie 2023, arXiv 2212.09748).
///
/// Sections: `codec {from}`; `condition {kind, dropout, ...}`, of kind `text` with `encoder {from}` for a frozen one or the
/// sizes of one that learns; `model {size or dim, depth, heads; patch, conditioning, modulation, learn_variance, self_conditioning}`;
/// `corruption {schedule, parameterization, time, weighting}`; `sample {sampler, steps, spacing, cfg_scale}`.
public final class DiTSystem: Module, GaussianSystem {
    public static let name = "dit"

    let parts: GaussianParts
    let reader: (any TextReader)?
    let viewer: PictureEncoder?
    let denoiser: DiffusionTransformer

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        parts = try GaussianParts(section, surroundings) { _ in .init() }
        (reader, viewer, denoiser) = (parts.listener.reader, parts.listener.viewer, parts.denoiser)
        super.init()
    }

    public var module: Module { self }
}

extension DiTConfiguration {
    /// What a system takes when its section says nothing.
    struct Defaults {
        var patch = 2
        var conditioning = Conditioning.adaLNZero
        var selfConditioning = SelfConditioning.none

        /// Of latents in a row, with much to listen to.
        static let sequence = Defaults(patch: 1, conditioning: .crossAttention, selfConditioning: .half)
    }

    /// Keys: `size` or `dim`, `depth`, `heads`; `patch`, `conditioning`, `modulation`, `learn_variance`, `self_conditioning`,
    /// `mlp_ratio`.
    init(_ section: Section, latents: [Int], _ defaults: Defaults = Defaults()) throws {
        self.init()
        _ = try section.choice("kind", among: ["dit"], default: "dit")
        (height, width, channels) = (latents[0], latents[1], latents[2])
        if section.has("size") {
            let size = try section.choice("size", among: Self.presets.keys.sorted())
            (dim, depth, heads) = Self.presets[size]!
        } else {
            dim = try section.int("dim", default: 384, in: 4...8192)
            depth = try section.int("depth", default: 12, in: 1...200)
            heads = try section.int("heads", default: 6, in: 1...128)
        }
        patch = try section.int("patch", default: defaults.patch, in: 1...16)
        mlpRatio = try section.int("mlp_ratio", default: 4, in: 1...16)
        conditioning = try section.choice("conditioning", default: defaults.conditioning)
        modulation = try section.choice("modulation", default: .block)
        learnsVariance = try section.bool("learn_variance", default: false)
        selfConditioning = try section.choice("self_conditioning", default: defaults.selfConditioning)
        guard dim % heads == 0, dim % 4 == 0 else {
            throw section.error("dim", "does not fit", expected: "a multiple of 4 and of \(heads) heads", found: "\(dim)")
        }
        guard height % patch == 0, width % patch == 0 else {
            throw section.error(
                "patch", "does not divide the latents", expected: "a divisor of \(height) and \(width)", found: "\(patch)")
        }
    }
}
