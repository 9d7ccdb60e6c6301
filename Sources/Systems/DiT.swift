import Codecs
import Denoisers
import Diffusion
import Media
import Networks
import Tensors

/// P16: a Diffusion Transformer in a codec's latents, told a class or a sentence (Peebles & Xie 2023, arXiv 2212.09748).
///
/// Sections: `codec {from}`; `condition {kind, dropout, ...}`, of kind `text` with `encoder {from}` for a frozen one or the
/// sizes of one that learns; `model {size or dim, depth, heads; patch, conditioning, modulation, learn_variance, self_conditioning}`;
/// `corruption {schedule, parameterization, time, weighting}`; `sample {sampler, steps, spacing, cfg_scale}`.
public final class DiTSystem: Module, GenerativeSystem, LatentSystem {
    public static let name = "dit"

    let reader: (any TextReader)?
    let denoiser: DiffusionTransformer
    let codec: CodecReference
    private let listener: Listener
    private let generator: GaussianGenerator
    private let making: MediaMaking

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        codec = try CodecReference(section, surroundings)
        guard case .continuous = codec.codec.latents.kind else {
            throw try section.section("codec").error("from", "gives tokens", expected: "a codec with continuous latents")
        }
        listener = try Listener(try section.section("condition"), surroundings)
        reader = listener.reader
        making = try MediaMaking(codec.form, section)

        let gaussian = try GaussianSection(try section.section("corruption"))
        var c = try DiTConfiguration(try section.section("model"), latents: codec.codec.latents.shape)
        c.classes = listener.classes
        c.contextWidth = reader?.width ?? 0
        c.prediction = gaussian.parameterization
        try GaussianCorruption(gaussian.schedule).check(c.prediction)
        denoiser = DiffusionTransformer(c)
        var variance: LearnedVarianceLoss?
        if c.learnsVariance {
            guard let chain = gaussian.schedule as? ChainSchedule else {
                throw try section.section("model").error(
                    "learn_variance", "needs a chain of steps", expected: "false with this corruption's schedule", found: "true")
            }
            variance = LearnedVarianceLoss(chain, binHalfWidth: nil)
        }
        generator = try GaussianGenerator(
            gaussian, variance: variance, selfConditioning: c.selfConditioning, sample: try section.section("sample"),
            channels: codec.codec.latents.shape[2])
        super.init()
    }

    public var sampling: SamplingDefaults { generator.sampling }
    public var medium: Medium { codec.medium }
    public var form: MediaForm { codec.form }
    public var frozenCodec: any Codec { codec.codec }
    public var codecFingerprint: String { codec.fingerprint }

    // MARK: - Training

    public var module: Module { self }
    public var phases: [Phase] { [Phase(name: "denoiser", parameters: parameters()) { batch, _ in self.loss(batch) }] }

    /// Sums over examples: `mse`, and `bound` in bits where variances are learned.
    public func loss(_ batch: Batch) -> LossReport {
        let x0 = codec.latents(of: batch)
        return generator.loss(x0, of: batch, denoiser, told: listener.conditions(of: batch))
    }

    // MARK: - Sampling

    public func sample(_ request: SampleRequest, deliver: (Sample) throws -> Void) throws {
        try request.refuse([("--size", request.size), ("--seconds", request.seconds)], of: "tokens")
        let jobs = try SampleJob.list(request, hasText: reader != nil, classes: listener.classes)
        try generator.draw(
            jobs, codec.codec.latents.shape, request, denoiser, learnsVariance: denoiser.configuration.learnsVariance,
            known: try request.start.map { try codec.latents(of: $0) }, mask: try request.free.map { try codec.mask(of: $0) },
            conditions: { listener.conditions(of: $0, negative: request.negative) },
            frame: { first, progress in
                FilmFrame(
                    first: first, index: progress.index, count: progress.count,
                    pictures: self.codec.form.pictures(self.decoded(progress.x0)))
            },
            deliver: { chunk, latents in
                for sample in making.samples(decoded(latents), of: chunk) { try deliver(sample) }
            })
    }

    private func decoded(_ latents: Tensor) -> Tensor { withoutGradients { codec.codec.decode(latents) } }

    // MARK: - Model directory

    public func writeParts(to folder: String) throws {
        try codec.write(to: folder)
        try reader?.write(to: folder)
        try making.write(to: folder)
    }

    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        making.configuration(listener.configuration(codec.configuration(resolved)))
    }
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
