import Codecs
import Denoisers
import Diffusion
import Media
import Networks
import Tensors

/// A system of Gaussian diffusion in a codec's latents: what they all do alike. A system of this kind says what its defaults are
/// and adds the trick that is its own.
protocol GaussianSystem: GenerativeSystem, LatentSystem, ReadingSystem, DenoisingSystem {
    var parts: GaussianParts { get }
    /// 1 where latents `[B, h, w, c]` stand for something, `[B, h]`; nil where all do.
    func content(of latents: Tensor) -> Tensor?
    /// The same for what is to be drawn.
    var drawnContent: (([SampleJob]) -> Tensor)? { get }
    /// What the codec is to make of latents `[B, h, w, c]` that sampling ended with.
    func finished(_ latents: Tensor, of jobs: ArraySlice<SampleJob>) -> Tensor
}

extension GaussianSystem {
    func content(of latents: Tensor) -> Tensor? { nil }
    var drawnContent: (([SampleJob]) -> Tensor)? { nil }
    func finished(_ latents: Tensor, of jobs: ArraySlice<SampleJob>) -> Tensor { latents }

    public var medium: Medium { parts.codec.medium }
    public var toldSide: Int? { parts.listener.viewer?.side }
    public var form: MediaForm { parts.codec.form }
    public var sampling: SamplingDefaults { parts.generator.sampling }
    public var frozenCodec: any Codec { parts.codec.codec }
    public var codecFingerprint: String { parts.codec.fingerprint }
    public var textReader: (any TextReader)? { parts.listener.reader }

    public var phases: [Phase] { [Phase(name: "denoiser", parameters: module.parameters()) { batch, _ in self.loss(batch) }] }

    /// Sums over examples: `mse`, and `bound` in bits where variances are learned.
    private func loss(_ batch: Batch) -> LossReport {
        let (x0, mask) = trimmed(parts.codec.latents(of: batch))
        return parts.generator.loss(x0, of: batch, parts.denoiser, told: parts.listener.conditions(of: batch), mask: mask)
    }

    /// Latents and where they stand for something; without rows that do not in any sample, eight at a time, so that few lengths occur.
    private func trimmed(_ latents: Tensor) -> (Tensor, Tensor?) {
        guard let mask = content(of: latents) else { return (latents, nil) }
        let L = mask.shape[1]
        let longest = Int(mask.sum(1).values.max() ?? 0)
        let kept = min(L, max(8, (longest + 7) / 8 * 8))
        return (latents.slice(1, 0..<kept), mask.slice(1, 0..<kept))
    }

    public func sample(_ request: SampleRequest, deliver: (Sample) throws -> Void) throws {
        let parts = parts
        try request.refuse([("--size", request.size), ("--seconds", request.seconds)], of: "tokens")
        let jobs = try parts.listener.jobs(request)
        try parts.generator.draw(
            jobs, parts.codec.codec.latents.shape, request, parts.denoiser,
            known: try request.start.map { try parts.codec.latents(of: $0) },
            mask: try request.free.map { try parts.codec.mask(of: $0) },
            padding: drawnContent,
            conditions: { parts.listener.conditions(of: $0, negative: request.negative) },
            frame: { first, progress in
                let seen = parts.decoded(progress.x0)
                return FilmFrame(
                    first: first, index: progress.index, count: progress.count, pictures: parts.codec.form.pictures(seen),
                    texts: parts.codec.form.texts(seen))
            },
            deliver: { chunk, latents in
                let media = parts.decoded(finished(latents, of: chunk))
                for sample in parts.making.samples(media, of: chunk) { try deliver(sample) }
            })
    }

    public var stateShape: [Int] { parts.codec.codec.latents.shape }
    public var classCount: Int { parts.denoiser.configuration.classes }
    public var contextWidth: Int { parts.denoiser.configuration.contextWidth }

    public func denoise(_ question: DenoiserQuestion) -> Tensor { parts.denoiser.answer(question) }

    public func writeParts(to folder: String) throws {
        try parts.codec.write(to: folder)
        try parts.listener.reader?.write(to: folder)
        try parts.making.write(to: folder)
    }

    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        parts.making.configuration(parts.listener.configuration(parts.codec.configuration(resolved)))
    }
}
