import Codecs
import Denoisers
import Diffusion
import Glibc
import Media
import Networks
import Tensors

/// The thing that diffusion over tokens is held against: a Transformer that says one token after the other, row by row from the top
/// (van den Oord et al. 2017, arXiv 1711.00937, section 3.3; Esser et al. 2021, arXiv 2012.09841, section 3.2).
///
/// Sections: `codec {from}`; `condition`; `model {dim, depth, heads, mlp_ratio, rotary}`; `sample {cfg_scale, truncation, temperature}`. With
/// the same sizes it has as many parameters as the `unleashing-transformers` beside it.
public final class AutoregressiveSystem: Module, GenerativeSystem, LatentSystem, LikelihoodSystem, ReadingSystem, DenoisingSystem
{
    public static let name = "autoregressive"

    let ground: TokenGround
    let reader: (any TextReader)?
    let denoiser: TokenTransformer
    private let choice: TokenChoice
    public let sampling: SamplingDefaults

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        ground = try TokenGround(section, surroundings)
        reader = ground.listener.reader
        var c = try ground.network(try section.section("model"), time: .none)
        c.isCausal = true
        denoiser = TokenTransformer(c)
        let sample = try section.section("sample")
        choice = try TokenChoice(sample)
        sampling = SamplingDefaults(
            sampler: "ancestral", steps: ground.length,
            guidance: try sample.number("cfg_scale", default: 1, in: -100...100))
        super.init()
    }

    public var medium: Medium { ground.codec.medium }
    public var form: MediaForm { ground.codec.form }
    public var frozenCodec: any Codec { ground.codec.codec }
    public var codecFingerprint: String { ground.codec.fingerprint }
    public var textReader: (any TextReader)? { reader }

    // MARK: - Training

    public var module: Module { self }
    public var phases: [Phase] { [Phase(name: "denoiser", parameters: parameters()) { batch, _ in self.loss(batch) }] }

    /// Cross entropy of every token given those before it. Sums over examples: `bits` per token.
    public func loss(_ batch: Batch) -> LossReport {
        let nats = nats(of: ground.codec.tokens(of: batch), ground.listener.conditions(of: batch)) / Float(ground.length)
        return LossReport(loss: nats.mean(), sums: ["bits": nats.detached().sum() / Float(log(2.0))])
    }

    private func nats(of x0: Tokens, _ told: [Condition]) -> Tensor {
        crossEntropy(denoiser.shared(input(before: x0, told)).output, x0).sum(1)  // [B]
    }

    public static let isExact = true

    public func nats(_ batch: Batch) -> Tensor {
        let told = ground.listener.conditions(captions: batch.captions, labels: batch.labels)
        return withoutGradients { nats(of: ground.codec.tokens(of: batch), told) }
    }

    /// What the network sees where it is to say the tokens: a start in place of the first, each other one a place later.
    private func input(before x0: Tokens, _ told: [Condition]) -> DenoiserInput {
        let (B, N) = (x0.shape[0], ground.length)
        let shifted = (0..<B).flatMap { b in [Int32(ground.codes)] + x0.values[b * N..<(b + 1) * N - 1] }
        return input(Tokens(shifted, [B, N]), told)
    }

    /// Nothing is lost, so that all times are 0.
    private func input(_ x: Tokens, _ told: [Condition]) -> DenoiserInput {
        let times = [Float](repeating: 0, count: x.shape[0])
        return DenoiserInput(state: x.tensor, time: times, networkTime: times, conditions: told)
    }

    // MARK: - Sampling

    public func sample(_ request: SampleRequest, deliver: (Sample) throws -> Void) throws {
        try request.refuse(
            [
                ("--steps", request.steps), ("--sampler", request.sampler), ("--eta", request.eta),
                ("--spacing", request.spacing), ("--init", request.start.map { _ in "a start" }),
                ("--candidates", request.candidates),
            ], of: "diffusion")
        let listener = ground.listener
        let whole = try ground.window(request)
        guard whole.isWhole else {
            throw InputError("is an option of models with diffusion", at: "--size", expected: "nothing")
        }
        let jobs = try SampleJob.list(request, hasText: reader != nil, classes: listener.classes)
        for chunk in jobs.chunks(of: request.batch) {
            let said = listener.conditions(of: Array(chunk), negative: request.negative)
            let tokens = try withoutGradients {
                try continued(chunk.map(\.place), said.told, said.negative, request) { progress, film in
                    try film.show(ground.frame(chunk.startIndex, progress, whole))
                }
            }
            for sample in ground.samples(tokens, of: chunk, whole) { try deliver(sample) }
        }
    }

    /// Token after token, `[B, N]`.
    ///
    /// - Parameter shows: the tokens so far where the request's film wants a frame; nothing better is known to come than the last again.
    private func continued(
        _ places: [Noise], _ told: [Condition], _ negative: [Condition]?, _ request: SampleRequest,
        shows: (TokenProgress, Film) throws -> Void
    ) rethrows -> Tokens {
        let (B, N) = (places.count, ground.length)
        let guidance = Guidance(scale: Float(request.guidance ?? sampling.guidance))
        let scope = RunScope(times: [0])
        var rows = [[Int32]](repeating: [Int32(ground.codes)], count: B)
        for n in 0..<N {
            var input = self.input(Tokens(rows.flatMap { $0 }, [B, n + 1]), told)
            input.scope = scope
            let logits = guidance.predict(denoiser, input, at: 0, negative: negative).output  // [B, 1, K]
            let next = drawn(
                choice.narrowed(logits, at: 1 - Double(n) / Double(N), request), places: places.map { $0("token")(n) })
            for b in 0..<B { rows[b].append(next.values[b]) }
            guard let film = request.film, film.shows(n, of: N) else { continue }
            let masks = [Int32](repeating: Int32(ground.codes), count: N - 1 - n)
            try shows(
                TokenProgress(
                    index: n, count: N, tokens: Tokens(rows.flatMap { $0.dropFirst() + masks }, [B, N]),
                    x0: Tokens(next.values.flatMap { [Int32](repeating: $0, count: N) }, [B, N])), film)
        }
        return Tokens(rows.flatMap { $0.dropFirst() }, [B, N])
    }

    // MARK: - Parts

    public var stateShape: [Int] { [ground.length] }
    public var stateTokens: Int { ground.codes + 1 }
    public var classCount: Int { denoiser.configuration.classes }
    public var contextWidth: Int { denoiser.configuration.contextWidth }
    public func denoise(_ question: DenoiserQuestion) -> Tensor { denoiser.answer(question) }
    public func writeParts(to folder: String) throws { try ground.writeParts(to: folder) }
    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue { ground.configuration(resolved) }
}
