import Denoisers
import Diffusion
import Networks
import Tensors

/// The masked generative Transformer that Token-Critic stands on (Chang et al. 2022, arXiv 2202.04200): cross entropy of masked
/// tokens at the cosine schedule's ratios, tokens accepted by confidence.
///
/// Sections as of `vq-diffusion`; `sample` also has `choice_temperature`.
public final class MaskGITSystem: Module, TokenSystem {
    public static let name = "maskgit"

    let parts: TokenParts
    let reader: (any TextReader)?
    let denoiser: any TokenNetwork
    let importance: StepImportance?

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        parts = try TokenParts(section, surroundings) { _ in
            .init(
                corruption: .init(kind: .absorbing, steps: 1000, shape: .cosine, loss: .masked, smoothing: 0.1),
                sampler: "confidence", steps: 12)
        }
        (reader, denoiser, importance) = (parts.listener.reader, parts.denoiser, parts.importance)
        super.init()
    }

    public var module: Module { self }
}
