import Denoisers
import Diffusion
import Networks
import Tensors

/// P20: score-based diffusion of tokens in continuous time (Sun et al. 2023, arXiv 2211.16750). A network that does not see the token
/// it speaks of learns what the others make of it; ratios of these chances are the rates of jumping back.
///
/// Sections as of `vq-diffusion`, but of `corruption` `loss`, `smoothing` and `time`, and besides
/// `model {form: hollow | masked | energy}`, the last two for short sequences only;
/// `corruption {parameterization: implicit | direct, auxiliary}`; `sample {sampler: ancestral | rates | tau-leaping, corrector}`.
/// `ancestral` is the analytic step, which the direct form cannot take. Training sees the times of a fine grid of `steps`.
public final class SDDMSystem: Module, TokenSystem {
    public static let name = "sddm"

    /// How the network is kept from seeing the token it speaks of.
    private enum Form: String, CaseIterable { case hollow, masked, energy }

    /// Passes of the network for one sequence that the forms with many may take.
    private static let mostPasses = 1024

    let parts: TokenParts
    let reader: (any TextReader)?
    let denoiser: any TokenNetwork

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        parts = try TokenParts(section, surroundings) { _ in
            .init(
                corruption: .init(kind: .uniform, steps: 1000, shape: .exponential, auxiliary: 0), time: .sinusoid, steps: 100,
                corrupted: { try CategoricalSection(matchingRatios: $0, codes: $1, $2) }, network: Self.network)
        }
        (reader, denoiser) = (parts.listener.reader, parts.denoiser)
        super.init()
    }

    public var module: Module { self }

    private static func network(_ section: Section, _ c: TokenTransformerConfiguration) throws -> any TokenNetwork {
        let form = try section.choice("form", default: Form.hollow)
        let passes =
            switch form {
            case .hollow: 1
            case .masked: MaskedForm.passes(c)
            case .energy: EnergyForm.passes(c)
            }
        guard passes <= mostPasses else {
            throw section.error(
                "form", "takes too many passes for each sequence", expected: "hollow, or at most \(mostPasses)",
                found: "\(passes) for \(c.tokens) tokens of \(c.codes) codes")
        }
        return switch form {
        case .hollow: HollowTransformer(c)
        case .masked: MaskedForm(c)
        case .energy: EnergyForm(c)
        }
    }
}
