import Denoisers
import Diffusion
import Networks
import Tensors

/// P18: absorbing diffusion over a codec's tokens with a Transformer that is not told the time (Bond-Taylor et al. 2022,
/// arXiv 2111.12701). The chain has as many steps as a picture has tokens.
///
/// Sections as of `vq-diffusion`. `corruption.loss` is `reweighted`, `bound` or `masked`, the three of the paper's ablation.
public final class UnleashingTransformersSystem: Module, TokenSystem {
    public static let name = "unleashing-transformers"

    let parts: TokenParts
    let reader: (any TextReader)?
    let denoiser: any TokenNetwork
    let importance: StepImportance?

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        parts = try TokenParts(section, surroundings) { tokens in
            .init(
                corruption: .init(kind: .absorbing, steps: max(2, tokens), loss: .reweighted, auxiliary: 0), steps: 100)
        }
        (reader, denoiser, importance) = (parts.listener.reader, parts.denoiser, parts.importance)
        super.init()
    }

    public var module: Module { self }
}
