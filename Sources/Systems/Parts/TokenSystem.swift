import Codecs
import Denoisers
import Diffusion
import Media
import Networks
import Tensors
import Training

/// A system of categorical diffusion in a codec's tokens: what they all do alike. A system of this kind says what its defaults are
/// and adds the trick that is its own.
protocol TokenSystem: GenerativeSystem, LatentSystem, LikelihoodSystem, ReadingSystem, DenoisingSystem {
    var parts: TokenParts { get }
}

extension TokenSystem {
    public var medium: Medium { parts.codec.medium }
    public var form: MediaForm { parts.codec.form }
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
        let (codec, listener, ground, generator) = (parts.codec, parts.listener, parts.ground, generator ?? parts.generator)
        let jobs = try SampleJob.list(request, hasText: listener.reader != nil, classes: listener.classes)
        let window = try ground.window(request)
        let count = try parts.candidates.count(request)
        var sets = CandidateSets<(tokens: Tokens, scores: [Float])>(of: jobs, count: count)
        try generator.draw(
            jobs.candidates(count), through: window, request, parts.denoiser,
            known: try request.start.map { try codec.tokens(of: $0) },
            isFree: try request.free.map { try codec.mask(of: $0).values.map { $0 > 0 } },
            conditions: { listener.conditions(of: $0, negative: request.negative) }, judge: judge,
            frame: { ground.frame($0, $1, window) },
            deliver: { chunk, tokens in
                guard count > 1 else {
                    for sample in ground.samples(tokens, of: chunk, window) { try deliver(sample) }
                    return
                }
                let scores = parts.candidates.scores(tokens, of: Array(chunk), through: window, parts.denoiser)
                let N = window.length
                let made = scores.indices.map { row in
                    (tokens: Tokens(Array(tokens.values[row * N..<(row + 1) * N]), [1, N]), scores: scores[row])
                }
                try sets.add(made) { job, set in
                    let best = TokenCandidates.best(of: set.map(\.scores))
                    for sample in ground.samples(set[best].tokens, of: [job], window) { try deliver(sample) }
                }
            })
    }

    public var stateShape: [Int] { [parts.denoiser.configuration.tokens] }
    public var stateTokens: Int { parts.denoiser.configuration.codes + 1 }
    public var classCount: Int { parts.denoiser.configuration.classes }
    public var contextWidth: Int { parts.denoiser.configuration.contextWidth }

    public func denoise(_ question: DenoiserQuestion) -> Tensor { parts.denoiser.answer(question) }

    public func writeParts(to folder: String) throws {
        try parts.ground.writeParts(to: folder)
        try parts.candidates.write(to: folder)
    }

    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        parts.candidates.configuration(parts.ground.configuration(resolved))
    }
}
