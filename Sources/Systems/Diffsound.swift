import Denoisers
import Diffusion
import Networks
import Tensors

/// P13: text to sound by diffusion over the tokens of a mel-spectrogram, which a vocoder makes audible (Yang et al. 2022,
/// arXiv 2207.09983).
///
/// Sections as of `vq-diffusion`, with a codec of sounds; `corruption.kind` is `mask_and_replace`, `absorbing` or `uniform`, the
/// three of the paper's section III-C; `vocoder`. Tokens are in the order of time, all bands of a moment one after the other. Its
/// pre-training on tags and its curriculum are what the data sections say: `captions: tags`, `data.stages`.
public final class DiffsoundSystem: Module, TokenSystem {
    public static let name = "diffsound"

    let parts: TokenParts
    let reader: (any TextReader)?
    let denoiser: any TokenNetwork
    let importance: StepImportance?

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        parts = try TokenParts(section, surroundings) { _ in .init(time: .sinusoid, truncation: 0.85) }
        guard parts.codec.medium == .sound else {
            throw try section.section("codec").error(
                "from", "is not of sounds", expected: "a codec with codec.sound", found: "one of pictures")
        }
        (reader, denoiser, importance) = (parts.listener.reader, parts.denoiser, parts.importance)
        super.init()
    }

    public var module: Module { self }
}
