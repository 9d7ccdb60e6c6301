import Denoisers
import Diffusion
import Networks
import Tensors

/// P10: mask-and-replace diffusion over a codec's tokens, told a sentence by cross-attention (Gu et al. 2022, arXiv 2111.14822),
/// with guidance and purity of Improved VQ-Diffusion (Tang et al. 2022, arXiv 2205.16007).
///
/// Sections: `codec {from}`; `condition`; `model {dim, depth, heads, mlp_ratio, time, rotary}`; `corruption {kind, steps, mask_share, loss,
/// auxiliary, time}`; `sample {sampler, steps, cfg_scale, truncation}`. The paper's schedule is `mask_and_replace`, the released
/// code's `released`: they differ much.
public final class VQDiffusionSystem: Module, TokenSystem {
    public static let name = "vq-diffusion"

    let parts: TokenParts
    let reader: (any TextReader)?
    let denoiser: any TokenNetwork
    let importance: StepImportance?

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        parts = try TokenParts(section, surroundings) { _ in .init(time: .sinusoid) }
        (reader, denoiser, importance) = (parts.listener.reader, parts.denoiser, parts.importance)
        super.init()
    }

    public var module: Module { self }
}
