import Codecs
import Denoisers
import Diffusion
import Media
import Networks
import Tensors
import Training

/// A system of categorical diffusion in a codec's tokens: what they all do alike. A system of this kind says what its defaults are
/// and adds the trick that is its own.
protocol TokenSystem: GenerativeSystem, LatentSystem, ReadingSystem, DenoisingSystem {
    var parts: TokenParts { get }
}

extension TokenSystem {
    public var medium: Medium { parts.codec.medium }
    public var sampling: SamplingDefaults { parts.generator.sampling }
    public var frozenCodec: any Codec { parts.codec.codec }
    public var codecFingerprint: String { parts.codec.fingerprint }
    public var textReader: (any TextReader)? { parts.listener.reader }

    public var phases: [Phase] {
        [
            Phase(
                name: "denoiser", parameters: module.parameters(), loss: { batch, _ in self.loss(batch) },
                commit: { sums, _, _ in self.parts.importance?.commit(sums) })
        ]
    }

    /// Sums over examples: `cross_entropy`, and of the bound `bits` per token.
    private func loss(_ batch: Batch) -> LossReport {
        parts.generator.loss(
            parts.codec.tokens(of: batch), of: batch, parts.denoiser, told: parts.listener.conditions(of: batch))
    }

    public func sample(_ request: SampleRequest, deliver: (Sample) throws -> Void) throws {
        try draw(request, deliver: deliver)
    }

    /// - Parameters:
    ///   - generator: how to sample, the system's own when nil.
    ///   - judge: of samplers with a critic: how real tokens `[B, N]` look at a time, under conditions.
    func draw(
        _ request: SampleRequest, by generator: TokenGenerator? = nil,
        judge: ((Tokens, Double, [Condition]) -> Tensor)? = nil, deliver: (Sample) throws -> Void
    ) throws {
        let (codec, listener) = (parts.codec, parts.listener)
        if codec.medium == .point && request.start != nil {
            throw InputError("this model makes points, not pictures", at: "--init")
        }
        let jobs = try SampleJob.list(request, hasText: listener.reader != nil, classes: listener.classes)
        let grid = codec.codec.latents.shape
        try (generator ?? parts.generator).draw(
            jobs, length: parts.denoiser.configuration.tokens, request, parts.denoiser,
            known: try request.start.map { try codec.tokens(of: $0) },
            isFree: request.mask.map { codec.latentMask($0).values.map { $0 > 0 } },
            conditions: { listener.conditions(of: $0, negative: request.negative) }, judge: judge,
            deliver: { chunk, tokens in
                let made = withoutGradients { codec.codec.decode(.tokens(tokens.reshaped([chunk.count] + grid))) }
                switch codec.medium {
                case .picture: for (job, picture) in zip(chunk, made.pictures) { try deliver(job.sample(picture)) }
                case .point:
                    let points = made.reshaped([chunk.count, made.count / chunk.count])
                    for (row, job) in chunk.enumerated() { try deliver(job.sample(points: points.slice(0, row..<row + 1))) }
                }
            })
    }

    public var stateShape: [Int] { [parts.denoiser.configuration.tokens] }
    public var stateTokens: Int { parts.denoiser.configuration.codes + 1 }
    public var classCount: Int { parts.denoiser.configuration.classes }
    public var contextWidth: Int { parts.denoiser.configuration.contextWidth }

    public func denoise(_ question: DenoiserQuestion) -> Tensor {
        parts.denoiser(
            Tokens(question.state.values.map { Int32($0) }, question.state.shape), t: question.times,
            classes: question.labels(classCount),
            text: question.words(contextWidth) { parts.denoiser.dropping($0, keeps: $1) }, scope: nil)
    }

    public func writeParts(to folder: String) throws {
        try parts.codec.write(to: folder)
        try parts.listener.reader?.write(to: folder)
    }

    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        parts.listener.configuration(parts.codec.configuration(resolved))
    }
}
