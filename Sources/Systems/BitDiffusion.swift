import Denoisers
import Diffusion
import Networks
import Tensors

/// P14: Bit Diffusion (Chen et al. 2022, arXiv 2208.04202): whole numbers as analog bits, restored by continuous diffusion that sees its own
/// estimate, and thresholded.
///
/// Sections: `codec {kind: bits, of: pictures | sentences, code, scale}`; `condition` `none`, `class`, `text`, or `picture {side, patch,
/// width, depth, heads}` for sentences about pictures; `model` as of `dit`, `self_conditioning` `half` when nothing is said; `corruption`,
/// x0 with the paper's cosine; `sample {sampler, steps, overstep, cfg_scale}`, where `overstep` is the paper's asymmetric time
/// interval, counted in steps: above 0 it makes the likely likelier.
public final class BitDiffusionSystem: Module, GaussianSystem {
    public static let name = "bit-diffusion"

    let parts: GaussianParts
    let reader: (any TextReader)?
    let viewer: PictureEncoder?
    let denoiser: DiffusionTransformer

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        parts = try GaussianParts(section, surroundings) { codec in
            guard let bits = codec.bits else {
                throw try section.section("codec").error("kind", "are no bits", expected: "bits")
            }
            var network = codec.medium == .text ? DiTConfiguration.Defaults.sequence : .init()
            network.selfConditioning = .half
            return .init(
                gaussian: .init(schedule: GammaCosine.name, parameterization: .x0), network: network, reach: bits.scale,
                sampler: "ddim", steps: 100)
        }
        (reader, viewer, denoiser) = (parts.listener.reader, parts.listener.viewer, parts.denoiser)
        super.init()
    }

    public var module: Module { self }
}
