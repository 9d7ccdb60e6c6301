import Codecs
import Denoisers
import Diffusion
import Media
import Networks
import Tensors

/// P16: a Diffusion Transformer in a codec's latents, told a class or a sentence (Peebles & Xie 2023, arXiv 2212.09748).
///
/// Sections: `codec {from}`; `condition {kind, dropout, ...}`, of kind `text` with `encoder {from}` for a frozen one or the
/// sizes of one that learns; `model {size or dim, depth, heads; patch, conditioning, learn_variance}`;
/// `corruption {schedule, parameterization, time, weighting}`; `sample {sampler, steps, spacing, cfg_scale}`.
public final class DiTSystem: Module, GenerativeSystem, LatentSystem {
    public static let name = "dit"

    let reader: (any TextReader)?
    let denoiser: DiffusionTransformer
    public let sampling: SamplingDefaults
    let codec: CodecReference
    private let classes: Int
    private let dropout: Float
    private let gaussian: GaussianSection
    private let objective: GaussianObjective
    private let spacing: Spacing
    private let guidedChannels: Int?

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        codec = try CodecReference(section, surroundings)
        guard case .continuous = codec.codec.latents.kind else {
            throw try section.section("codec").error("from", "gives tokens", expected: "a codec with continuous latents")
        }
        let condition = try section.section("condition")
        let kind = try condition.choice("kind", among: ["none", "class", "text"], default: "none")
        dropout = try condition.float("dropout", default: 0.1, in: 0...1)
        classes = kind == "class" ? try condition.int("classes", in: 1...1_000_000) : 0
        reader = kind == "text" ? try TextReaders.reader(condition, surroundings) : nil

        gaussian = try GaussianSection(try section.section("corruption"))
        var c = try DiTConfiguration(try section.section("model"), latents: codec.codec.latents.shape)
        c.classes = classes
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
        objective = GaussianObjective(gaussian.schedule, weighting: gaussian.weighting, variance: variance)

        let sample = try section.section("sample")
        sampling = SamplingDefaults(
            sampler: try sample.choice("sampler", among: Samplers.names, default: "dpmpp-2m"),
            steps: try sample.int("steps", default: 20, in: 1...10_000),
            guidance: try sample.number("cfg_scale", default: 1, in: -100...100))
        spacing = try sample.choice("spacing", default: gaussian.schedule is ChainSchedule ? .trailing : .uniform)
        guidedChannels = try sample.optionalInt("cfg_channels", in: 1...max(1, codec.codec.latents.shape[2]))
        super.init()
    }

    public var frozenCodec: any Codec { codec.codec }
    public var codecFingerprint: String { codec.fingerprint }

    // MARK: - Training

    public var module: Module { self }
    public var phases: [Phase] { [Phase(name: "denoiser", parameters: parameters()) { batch, _ in self.loss(batch) }] }

    /// Sums over examples: `mse`, and `bound` in bits where variances are learned.
    public func loss(_ batch: Batch) -> LossReport {
        let x0 = codec.latents(of: batch)
        let epsilon = objective.corruption.noise(batch.places, Array(x0.shape.dropFirst()))
        let times = batch.share.map { gaussian.density.stratified(step: $0.step, rows: $0.rows, of: $0.total) }
            ?? gaussian.density.draw(batch.places)
        let drops = batch.places.map { $0("drop").uniformDouble() < Double(dropout) }
        let told = conditions(captions: batch.captions, labels: batch.labels).map { $0.withheld(where: drops) }
        let terms = objective(x0, at: times, noise: epsilon) { state, t in
            denoiser(DenoiserInput(state: state, time: t, schedule: gaussian.schedule, conditions: told))
        }
        var sums = ["mse": terms.squaredError.detached().sum()]
        if let bound = terms.bound { sums["bound"] = bound.detached().sum() }
        return LossReport(loss: terms.loss.mean(), sums: sums)
    }

    private func conditions(captions: [String], labels: [Int]) -> [Condition] {
        if let reader { return [reader(captions)] }
        return classes > 0 ? [Condition(.classes, labels: labels)] : []
    }

    // MARK: - Sampling

    public func sample(_ request: SampleRequest, deliver: (Sample) throws -> Void) throws {
        let jobs = try SampleJob.list(request, hasText: reader != nil, classes: classes)
        let sampler = try Samplers.named(
            request.sampler ?? sampling.sampler, eta: request.eta ?? 0, learnsVariance: denoiser.configuration.learnsVariance)
        let schedule = gaussian.schedule
        var grid = try (request.spacing ?? spacing).grid(steps: request.steps ?? sampling.steps, for: schedule)
        let guidance = Guidance(
            scale: Float(request.guidance ?? sampling.guidance), channels: guidedChannels.map { 0..<$0 })
        let start = try request.start.map { try codec.latents(of: $0) }
        let mask = try request.mask.map { try codec.latentMask($0) }
        var renoising: Renoising?
        if start != nil && mask == nil {
            renoising = Renoising(strength: request.strength, along: grid, schedule: schedule)
            grid = renoising!.grid
        }
        let shape = codec.codec.latents.shape
        for first in stride(from: 0, to: jobs.count, by: max(1, request.batch)) {
            let chunk = Array(jobs[first..<min(first + max(1, request.batch), jobs.count)])
            let places = chunk.map(\.place)
            let known = start?.broadcast(to: [chunk.count] + shape)
            let x = known.flatMap { renoising?.start(from: $0, places) } ?? objective.corruption.prior(places, shape)
            let inpainting = known.flatMap { known in
                mask.map { Inpainting(known: known, mask: $0, schedule: schedule, places: places) }
            }
            var failure: (any Error)?
            let pictures = withoutGradients {
                let told = conditions(captions: chunk.map { $0.prompt ?? "" }, labels: chunk.map { $0.label ?? 0 })
                let negative = request.negative.map { text in
                    conditions(captions: chunk.map { _ in text }, labels: chunk.map { _ in classes })
                }
                let z = sampler.sample(
                    from: x, along: grid, schedule: schedule, noise: StepNoise(places),
                    constrain: inpainting.map { inpainting in { inpainting($0, $1) } },
                    observe: { progress in
                        guard failure == nil, let watch = request.watch else { return }
                        do { try watch(first, progress) } catch { failure = error }
                    },
                    predict: denoiser.predictor(
                        schedule: schedule, conditions: told, guidance: guidance, negative: negative))
                return codec.codec.decode(z).pictures
            }
            if let failure { throw failure }
            for (job, picture) in zip(chunk, pictures) { try deliver(job.sample(picture)) }
        }
    }

    // MARK: - Model directory

    public func writeParts(to folder: String) throws {
        try codec.write(to: folder)
        try reader?.write(to: folder)
    }

    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        let stored = codec.configuration(resolved)
        guard let reader, let condition = stored["condition"] else { return stored }
        return stored.setting("condition", reader.configuration(condition))
    }
}

extension DiTConfiguration {
    /// Keys: `size` or `dim`, `depth`, `heads`; `patch`, `conditioning`, `learn_variance`, `mlp_ratio`.
    init(_ section: Section, latents: [Int]) throws {
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
        patch = try section.int("patch", default: 2, in: 1...16)
        mlpRatio = try section.int("mlp_ratio", default: 4, in: 1...16)
        conditioning = try section.choice("conditioning", default: .adaLNZero)
        learnsVariance = try section.bool("learn_variance", default: false)
        guard dim % heads == 0, dim % 4 == 0 else {
            throw section.error("dim", "does not fit", expected: "a multiple of 4 and of \(heads) heads", found: "\(dim)")
        }
        guard height % patch == 0, width % patch == 0 else {
            throw section.error("patch", "does not divide the latents", expected: "a divisor of \(height) and \(width)", found: "\(patch)")
        }
    }
}
