import Codecs
import Denoisers
import Diffusion
import Networks
import Tensors

/// What a system of Gaussian diffusion in a codec's latents is made of, read from its sections.
///
/// Not a module: the walker finds its modules where the system itself holds them.
final class GaussianParts {
    /// What a system chooses where the file says nothing.
    struct Defaults {
        var gaussian = GaussianSection.Defaults()
        var network = DiTConfiguration.Defaults()
        /// What latents lie within.
        var reach: Float?
        var sampler = "dpmpp-2m"
        var steps = 20
    }

    let codec: CodecReference
    let listener: Listener
    let denoiser: DiffusionTransformer
    let generator: GaussianGenerator
    let making: MediaMaking

    /// Sections: `codec {from}`; `condition {kind, dropout, ...}`; `model` of a Diffusion Transformer; `corruption`; `sample`; of sounds
    /// `vocoder`.
    ///
    /// - Parameter defaults: of a codec; throws where the system does not work with it.
    init(_ section: Section, _ surroundings: Surroundings, defaults: (CodecReference) throws -> Defaults) throws {
        codec = try CodecReference(section, surroundings)
        let latents = codec.codec.latents
        guard case .continuous = latents.kind else {
            throw try section.section("codec").error("from", "gives tokens", expected: "a codec with continuous latents")
        }
        let chosen = try defaults(codec)
        listener = try Listener(try section.section("condition"), surroundings, sees: true)
        making = try MediaMaking(codec.form, section)
        let gaussian = try GaussianSection(try section.section("corruption"), chosen.gaussian)
        let model = try section.section("model")
        var c = try DiTConfiguration(model, latents: latents.shape, chosen.network)
        c.classes = listener.classes
        c.contextWidth = listener.width
        c.prediction = gaussian.parameterization
        try GaussianCorruption(gaussian.schedule).check(c.prediction)
        denoiser = DiffusionTransformer(c)
        var variance: LearnedVarianceLoss?
        if c.learnsVariance {
            guard let chain = gaussian.schedule as? ChainSchedule else {
                throw model.error(
                    "learn_variance", "needs a chain of steps", expected: "false with this corruption's schedule", found: "true")
            }
            variance = LearnedVarianceLoss(chain, binHalfWidth: nil)
        }
        generator = try GaussianGenerator(
            gaussian, variance: variance, selfConditioning: c.selfConditioning, reach: chosen.reach,
            sample: try section.section("sample"), sampler: chosen.sampler, steps: chosen.steps, channels: c.channels)
    }

    /// What the codec makes of latents `[B, h, w, c]`.
    func decoded(_ latents: Tensor) -> Tensor { withoutGradients { codec.codec.decode(latents) } }
}
