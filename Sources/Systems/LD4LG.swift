import Codecs
import Denoisers
import Diffusion
import Media
import Networks
import Tensors

/// P5: latent diffusion for language (Lovelace et al. 2023, arXiv 2212.09462): Gaussian diffusion in a sentence codec's latents, which the
/// codec's decoder then says.
///
/// Sections: `codec {from}`; `condition` `none`, `class`, or `text` for a sentence to be made into another; `model` as of `dit` with
/// cross-attention, `self_conditioning` `half` when nothing is said; `corruption`, with the cosine and v of the paper's second version
/// unless it says otherwise (of the first: `schedule: linear, parameterization: x0, loss: l1`); `sample {sampler, steps, spacing,
/// cfg_scale}`. Where latents are a state for each token, their number is drawn from what training saw.
public final class LD4LGSystem: Module, GenerativeSystem, LatentSystem, ReadingSystem {
    public static let name = "ld4lg"

    let reader: (any TextReader)?
    let denoiser: DiffusionTransformer
    /// How many training sentences had so many states: `[L]`; nil where all have as many latents.
    let lengths: Buffer?
    let codec: CodecReference
    private let listener: Listener
    private let generator: GaussianGenerator

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        codec = try CodecReference(section, surroundings)
        guard codec.medium == .text, case .continuous = codec.codec.latents.kind else {
            throw try section.section("codec").error("from", "is not of sentences", expected: "a sentence-codec")
        }
        listener = try Listener(try section.section("condition"), surroundings)
        reader = listener.reader
        let gaussian = try GaussianSection(
            try section.section("corruption"), GaussianSection.Defaults(schedule: "vp_cosine", parameterization: .v))
        var c = try DiTConfiguration(try section.section("model"), latents: codec.codec.latents.shape, .sequence)
        c.classes = listener.classes
        c.contextWidth = reader?.width ?? 0
        c.prediction = gaussian.parameterization
        try GaussianCorruption(gaussian.schedule).check(c.prediction)
        denoiser = DiffusionTransformer(c)
        generator = try GaussianGenerator(
            gaussian, selfConditioning: c.selfConditioning, sample: try section.section("sample"), channels: c.channels)
        let latents = codec.codec.latents.shape
        lengths = latents[0] == codec.codec.mediaShape[0] ? Buffer(.zeros([latents[0]])) : nil
        super.init()
    }

    public var sampling: SamplingDefaults { generator.sampling }
    public var medium: Medium { .text }
    public var form: MediaForm { codec.form }
    public var frozenCodec: any Codec { codec.codec }
    public var codecFingerprint: String { codec.fingerprint }
    public var textReader: (any TextReader)? { reader }

    // MARK: - Training

    public var module: Module { self }
    public var phases: [Phase] { [Phase(name: "denoiser", parameters: parameters()) { batch, _ in self.loss(batch) }] }

    /// Counts how long the sentences are.
    public func prepare(with batch: Batch) {
        guard let lengths, var histogram else { return }
        for row in mask(of: codec.latents(of: batch)).sum(1).values where row > 0 { histogram.add(Int(row)) }
        lengths.value = Tensor(histogram.counts.map(Float.init), lengths.value.shape)
    }

    /// Sums over examples: `mse`.
    public func loss(_ batch: Batch) -> LossReport {
        let x0 = codec.latents(of: batch)
        return generator.loss(
            x0, of: batch, denoiser, told: listener.conditions(of: batch), mask: lengths.map { _ in mask(of: x0) })
    }

    /// 1 where latents stand for something: `[B, M]`.
    private func mask(of latents: Tensor) -> Tensor { latents.abs().sum([2, 3]).greater(Tensor(0)) }

    // MARK: - Sampling

    public func sample(_ request: SampleRequest, deliver: (Sample) throws -> Void) throws {
        try request.refuse(
            [
                ("--size", request.size), ("--seconds", request.seconds), ("--init", request.start.map { _ in "a start" }),
            ], of: "pictures or sounds")
        let jobs = try SampleJob.list(request, hasText: reader != nil, classes: listener.classes)
        let shape = codec.codec.latents.shape
        try generator.draw(
            jobs, shape, request, denoiser,
            padding: histogram.map { histogram in
                { jobs in histogram.mask(jobs.map { histogram.draw($0.place("length")) }) }
            },
            conditions: { listener.conditions(of: $0, negative: request.negative) },
            frame: { first, progress in
                FilmFrame(first: first, index: progress.index, count: progress.count, texts: self.texts(progress.x0))
            },
            deliver: { chunk, latents in
                for (job, text) in zip(chunk, texts(latents)) { try deliver(job.sample(text: text)) }
            })
    }

    /// What the codec says of latents `[B, M, 1, C]`.
    private func texts(_ latents: Tensor) -> [String] {
        codec.form.texts(withoutGradients { codec.codec.decode(latents) })
    }

    private var histogram: LengthHistogram? {
        lengths.map { LengthHistogram(counts: $0.value.values.map { Int($0) }) }
    }

    // MARK: - Model directory

    public func writeParts(to folder: String) throws {
        try codec.write(to: folder)
        try reader?.write(to: folder)
    }

    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        listener.configuration(codec.configuration(resolved))
    }
}
