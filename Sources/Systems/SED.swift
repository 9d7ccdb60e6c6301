import Denoisers
import Diffusion
import Media
import Networks
import Tensors

/// P1: Self-conditioned Embedding Diffusion (Strudel et al. 2022, arXiv 2211.04236): Gaussian diffusion among fixed vectors of tokens, by a
/// network that sees its own estimate and may be told parts of the sentence, which it then fills up.
///
/// Sections: `model` as of `dit`, and `vocabulary`, `length`, `width` D of a token's vector, `space` `random`, `bits` or `pretrained` with
/// `from`, a model whose tokens and what it learned of them are taken; `spans`, the most spans that training cuts a sentence into, and
/// `dropout`, how often it knows none; `blanks`, the share of a sentence's positions that stay empty, so that its length can vary;
/// `corruption`, x0 with the cosine whose β is at least 0.002; `sample`. Guidance by what is known withholds the estimate, too.
public final class SEDSystem: Module, SentenceSystem {
    public static let name = "sed"

    let denoiser: DiffusionTransformer
    /// `[V, D]`, rows of length √D.
    let table: Buffer
    /// What the readout, which begins as the table, has learned beside it: `[V, D]` and `[V]`.
    let readout, bias: Parameter
    let ground: SentenceGround
    private let generator: GaussianGenerator
    private let spans: SpanMask
    private let dropout, blanks: Double
    /// Deviation of a token's vector.
    private static let spread: Float = 0.01

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let model = try section.section("model")
        let space: EmbeddingSpace = try model.choice("space", default: .random)
        var surroundings = surroundings
        var learned: Tensor?
        let from = space == .pretrained && surroundings.folder == nil ? try model.path("from") : try model.optionalPath("from")
        if surroundings.folder == nil, let from {
            surroundings.vocabulary = from
            learned = try Self.vectors(from)
        }
        ground = try SentenceGround(model, surroundings)
        let count = ground.vocabulary
        if let learned, learned.shape[0] < count {
            throw model.error(
                "from", "knows fewer tokens than it has words for", expected: "\(count)", found: "\(learned.shape[0])")
        }
        let width = space.width(asked: try model.int("width", default: 32, in: 2...4096), count: count)
        if let learned, learned.shape[1] < width {
            throw model.error(
                "width", "is more than the other model's", expected: "at most \(learned.shape[1])", found: "\(width)")
        }
        table = Buffer(
            surroundings.folder == nil
                ? space.table(count, width: width, pretrained: learned?.slice(0, 0..<count)) : .zeros([count, width]))
        readout = Parameter([count, width], .zeros, decays: true)
        bias = Parameter([count], .zeros, decays: false)
        spans = SpanMask(most: try model.int("spans", default: 5, in: 1...1000))
        dropout = try model.number("dropout", default: 0.1, in: 0...1)
        blanks = try model.number("blanks", default: 0.1, in: 0...0.9)
        let gaussian = try GaussianSection(
            try section.section("corruption"), .init(schedule: "cosine_least", parameterization: .x0))
        var c = try ground.network(model, width: width, usual: .both)
        c.prediction = gaussian.parameterization
        c.knows = true
        try GaussianCorruption(gaussian.schedule).check(c.prediction)
        denoiser = DiffusionTransformer(c)
        generator = try GaussianGenerator(
            gaussian, selfConditioning: c.selfConditioning, nullSeesPrevious: false, sample: try section.section("sample"),
            sampler: "ddpm", steps: 100, channels: width)
        super.init()
    }

    /// What another model has learned of its tokens: `[V, D]`.
    private static func vectors(_ folder: String) throws -> Tensor {
        let file = try SafetensorsFile(folder + "/model.safetensors")
        let name = "network.tokens.weight"
        guard file.entries.contains(where: { $0.name == name }) else {
            throw InputError(
                "has no table of tokens", at: folder + "/model.safetensors",
                expected: "a model of autoregressive-text, or of sentence-codec with its own network")
        }
        return try file.tensor(name)
    }

    public var textReader: (any TextReader)? { nil }
    public var sampling: SamplingDefaults { generator.sampling }

    // MARK: - Training

    public var module: Module { self }
    public var phases: [Phase] { [Phase(name: "denoiser", parameters: parameters()) { batch, _ in self.loss(batch) }] }

    /// The squared error of the vectors that are not known, in both passes; and the cross entropy of the readout at the data, which
    /// trains the readout alone. Sums over examples: `mse`, `readout`.
    private func loss(_ batch: Batch) -> LossReport {
        let (B, L) = (batch.count, ground.length)
        let tokens = spaced(ground.tokens(of: batch), batch.places)
        let vectors = embedding(table.value, tokens)  // [B, L, D]
        let x0 = vectors + normal(batch.places.map { $0("vector") }, [L, denoiser.configuration.channels]) * Self.spread
        let hidden = batch.places.map { $0("drop").uniformDouble() < dropout }
        let known = Tensor(
            batch.places.indices.flatMap { row -> [Float] in
                hidden[row] ? [Float](repeating: 0, count: L) : spans.draw(batch.places[row], length: L).map { $0 ? 1 : 0 }
            }, [B, L])
        var report = generator.loss(
            x0.unsqueezed(2), of: batch, denoiser, told: [SentenceGround.told(vectors, known)], counted: 1 - known)
        let entropy = crossEntropy(logits(x0), tokens).mean(1)  // [B]
        report.loss = report.loss + entropy.mean()
        report.sums["readout"] = entropy.detached().sum()
        return report
    }

    /// Some positions left empty, where the sentence leaves room for them.
    private func spaced(_ tokens: Tokens, _ places: [Noise]) -> Tokens {
        let (L, padding) = (ground.length, ground.form.padding)
        let rows = places.enumerated().flatMap { row, place -> [Int32] in
            let values = Array(tokens.values[row * L..<(row + 1) * L])
            let content = values.prefix { $0 != padding }
            let empty = min(L - content.count, Int((blanks * Double(L)).rounded()))
            var isEmpty = [Bool](repeating: false, count: content.count + empty)
            for at in place("blanks").permutation(isEmpty.count).prefix(empty) { isEmpty[at] = true }
            var rest = content[...]
            let spread = isEmpty.map { $0 ? padding : rest.removeFirst() }
            return spread + [Int32](repeating: padding, count: L - spread.count)
        }
        return Tokens(rows, tokens.shape)
    }

    /// What the readout says of vectors: `[B, L, D]` to `[B, L, V]`.
    private func logits(_ x: Tensor) -> Tensor { matmul(x, (table.value + readout.value).transposed()) + bias.value }

    // MARK: - Sampling

    public func sample(_ request: SampleRequest, deliver: (Sample) throws -> Void) throws {
        try request.refuseMediaOptions()
        let jobs = try SampleJob.list(request, hasText: false, classes: 0, fills: true)
        let given = try ground.given(request)
        func blanked(_ jobs: some Collection<SampleJob>) -> [BlankedSentence]? {
            given.map { all in jobs.map { all[$0.prompt!]! } }
        }
        try generator.draw(
            jobs, [ground.length, 1, denoiser.configuration.channels], request, denoiser,
            conditions: { jobs in (blanked(jobs).map { [ground.known($0, table.value)] } ?? [], nil) },
            frame: { first, progress in
                FilmFrame(first: first, index: progress.index, count: progress.count, texts: self.texts(progress.x0, nil))
            },
            deliver: { chunk, latents in
                for (job, line) in zip(chunk, texts(latents, blanked(chunk))) { try deliver(job.sample(text: line)) }
            })
    }

    /// The likeliest token of each position.
    private func texts(_ latents: Tensor, _ given: [BlankedSentence]?) -> [String] {
        ground.texts(withoutGradients { logits(latents.squeezed(2)) }.argmax(2), given)
    }

    // MARK: - Parts

    public var stateShape: [Int] { [ground.length, 1, denoiser.configuration.channels] }
    public var classCount: Int { 0 }
    public var contextWidth: Int { 0 }
    public func denoise(_ question: DenoiserQuestion) -> Tensor { denoiser.answer(question) }

    /// The vectors are the model's own: where they came from is no longer asked.
    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        guard let model = resolved["model"] else { return resolved }
        return resolved.setting("model", model.dropping("from"))
    }
}
