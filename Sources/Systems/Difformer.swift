import Denoisers
import Diffusion
import Glibc
import Media
import Networks
import Tensors

/// P7: Difformer (Gao et al. 2022, arXiv 2212.09412): sentences made of sentences by diffusion of learned vectors of tokens, which an anchor
/// loss keeps apart, a norm keeps of one length and a noise factor has the network look beyond the nearest.
///
/// Sections: `condition {kind: text, ...}`; `model` as of `dit`, and `vocabulary`, `length`, `width` D of a token's vector, `norm`
/// `embedding`, `input` or `none`, `anchor` `prediction`, `data` for the usual rounding loss, or `none`; `corruption {steps,
/// factor}`; `sample {sampler, steps, cfg_scale, lengths, candidates, rerank, judge, patience, clamp}`: of so many likeliest lengths
/// so many sentences are made each, of which one is said (`CandidateChoice`); a sentence is done when its tokens have not changed
/// for `patience` steps, never where that is 0; with `clamp` estimates are moved to the nearest vectors of tokens.
public final class DifformerSystem: Module, SentenceSystem {
    public static let name = "difformer"

    enum Norm: String, CaseIterable { case embedding, input, none }
    enum Anchor: String, CaseIterable { case prediction, data, none }

    let reader: (any TextReader)?
    let denoiser: DiffusionTransformer
    /// `[V, D]`; logits are products with it.
    let embedding: Embedding
    /// How much longer or shorter than its source a sentence is: of the source's mean, `2 L - 1` logits.
    let lengths: Linear
    let ground: SentenceGround
    private let listener: Listener
    private let generator: GaussianGenerator
    private let schedule: AmplifiedNoise
    private let norm: Norm
    private let anchor: Anchor
    /// How many likeliest lengths candidates are made of.
    private let likeliest: Int
    let choice: CandidateChoice
    private let patience: Int
    private let clamps: Bool

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let model = try section.section("model")
        ground = try SentenceGround(model, surroundings)
        let condition = try section.section("condition")
        listener = try ground.listener(condition, surroundings)
        guard let reader = listener.reader else {
            throw condition.error("kind", "has no source to make sentences of", expected: "text")
        }
        self.reader = reader
        norm = try model.choice("norm", default: .embedding)
        anchor = try model.choice("anchor", default: .prediction)
        let corruption = try section.section("corruption")
        schedule = AmplifiedNoise(
            try ChainSchedule(.squareRoot(), steps: try corruption.int("steps", default: 2000, in: 2...100_000)),
            by: try corruption.number("factor", default: 4, in: 0.01...1000))
        let width = try model.int("width", default: 64, in: 2...4096)
        var c = try ground.network(model, width: width)
        (c.contextWidth, c.prediction, c.normsInput) = (reader.width, .x0, norm == .input)
        denoiser = DiffusionTransformer(c)
        embedding = Embedding(ground.vocabulary, width: width, deviation: 1)
        lengths = Linear(reader.width, 2 * ground.length - 1)
        let sample = try section.section("sample")
        likeliest = try sample.int("lengths", default: 1, in: 1...ground.length)
        choice = try CandidateChoice(sample, kinds: likeliest, hasSource: true)
        patience = try sample.int("patience", default: 0, in: 0...10_000)
        clamps = try sample.bool("clamp", default: false)
        generator = try GaussianGenerator(
            GaussianSection(schedule, .x0), sample: sample, sampler: "ddpm", steps: 20, channels: width)
        super.init()
    }

    public var textReader: (any TextReader)? { reader }
    public var sampling: SamplingDefaults { generator.sampling }

    // MARK: - Training

    public var module: Module { self }
    public var phases: [Phase] { [Phase(name: "denoiser", parameters: parameters()) { batch, _ in self.loss(batch) }] }

    /// What stands for tokens: `[V, D]`.
    private var table: Tensor { norm == .embedding ? layerNorm(embedding.table, eps: 1e-5) : embedding.table }

    /// The squared error of the estimate and the cross entropy of reading tokens from it, over what is no padding; and a tenth of the length's
    /// cross entropy. Sums over examples: `mse`, `anchor`, `length`.
    private func loss(_ batch: Batch) -> LossReport {
        let (B, L) = (batch.count, ground.length)
        let tokens = ground.tokens(of: batch)
        let mask = ground.form.mask(tokens)  // [B, L]
        let (table, told) = (self.table, listener.conditions(of: batch))
        let x0 = Tensors.embedding(table, tokens).unsqueezed(2)
        let corruption = GaussianCorruption(schedule)
        let share = batch.wholeShare
        let times = UniformSteps(steps: schedule.steps).stratified(step: share.step, rows: share.rows, of: share.total).times
        var input = DenoiserInput(
            state: corruption.corrupt(x0, at: times, noise: corruption.noise(batch.places, Array(x0.shape.dropFirst()))),
            time: times, schedule: schedule, conditions: told, paddingMask: mask)
        input.previous = denoiser.configuration.selfConditioning.shown(to: batch.places) { denoiser(input).output }
        let estimate = denoiser(input).output
        let counted = mask / mask.sum(1, keep: true)
        let squared = ((estimate - x0).square().mean([2, 3]) * counted).sum(1)  // [B]
        var total = squared
        var sums = ["mse": squared.detached().sum()]
        if anchor != .none {
            let read = logits(anchor == .prediction ? estimate : x0, table)
            let entropy = (crossEntropy(read, tokens) * counted).sum(1)
            total = total + entropy
            sums["anchor"] = entropy.detached().sum()
        }
        let offsets = zip(mask.sum(1).values, sourceLengths(batch.captions)).map {
            Int32(max(0, min(2 * L - 2, Int($0) - $1 + L - 1)))
        }
        let entropy = crossEntropy(lengths(told[0].pooled!), Tokens(offsets, [B]))
        sums["length"] = entropy.detached().sum()
        return LossReport(loss: (total + entropy * 0.1).mean(), sums: sums)
    }

    private func sourceLengths(_ captions: [String]) -> [Int] { captions.map { min(ground.length, reader!.tokenCount($0)) } }

    /// `[B, L, 1, D]` to `[B, L, V]`.
    private func logits(_ x: Tensor, _ table: Tensor) -> Tensor { matmul(x.squeezed(2), table.transposed()) }

    // MARK: - Sampling

    public func sample(_ request: SampleRequest, deliver: (Sample) throws -> Void) throws {
        try request.refuseMediaOptions()
        let (choice, request) = choice.asked(request)
        let jobs = try listener.jobs(request)
        let (L, table) = (ground.length, withoutGradients { self.table })
        let likely = likelyLengths(of: Array(Set(jobs.map { $0.prompt! })).sorted())
        var sets = CandidateSets<String>(of: jobs, count: choice.count)
        try generator.draw(
            jobs.candidates(choice.count), stateShape, request, denoiser,
            clip: clamps ? Clipping.nearest(table) : nil,
            settling: (patience, { self.said($0, table) }),
            padding: { jobs in
                let rows = jobs.map { job in likely[job.prompt!]![job.candidate % self.likeliest] }
                return Tensor(rows.flatMap { length in (0..<L).map { Float($0 < length ? 1 : 0) } }, [jobs.count, L])
            },
            conditions: { listener.conditions(of: $0, negative: request.negative) },
            frame: choice.frame { self.ground.texts(self.said($0, table), nil) },
            deliver: { _, latents in try sets.add(ground.texts(said(latents, table), nil)) { try deliver(choice.said($0, $1)) } })
    }

    /// The likeliest lengths of what is made of each source, the likeliest first.
    private func likelyLengths(of sources: [String]) -> [String: [Int]] {
        let L = ground.length
        let scores = withoutGradients { lengths(listener.conditions(captions: sources, labels: [])[0].pooled!) }.values
        let known = sourceLengths(sources)
        return Dictionary(
            uniqueKeysWithValues: sources.indices.map { row in
                let order = (1...L).sorted { a, b in
                    let (p, q) = (
                        scores[row * (2 * L - 1) + a - known[row] + L - 1], scores[row * (2 * L - 1) + b - known[row] + L - 1]
                    )
                    return p != q ? p > q : a < b
                }
                return (sources[row], Array(order.prefix(likeliest)))
            })
    }

    /// The likeliest tokens, padding where there is no content: latents are 0 there and would be read as anything.
    private func said(_ latents: Tensor, _ table: Tensor) -> Tokens {
        let read = withoutGradients { logits(latents, table) }.argmax(2)
        let content = latents.abs().sum([2, 3]).values
        return Tokens(zip(read.values, content).map { $1 > 0 ? $0 : ground.form.padding }, read.shape)
    }

    // MARK: - Parts

    public var stateShape: [Int] { [ground.length, 1, denoiser.configuration.channels] }
    public var classCount: Int { 0 }
    public var contextWidth: Int { listener.width }
    public func denoise(_ question: DenoiserQuestion) -> Tensor { denoiser.answer(question) }

    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        choice.configuration(listener.configuration(resolved))
    }
}
