import Denoisers
import Diffusion
import Media
import Networks
import Tensors

/// P8: SeqDiffuSeq (Yuan et al. 2022, arXiv 2212.10325): sentences made of sentences by diffusion of learned vectors of tokens, whose noise is
/// adapted to how hard each position is.
///
/// Sections: `condition {kind: text, ...}`; `model` as of `dit`, and `vocabulary`, `length`, `width` D of a token's vector;
/// `corruption {steps, bins, interval, start}`, the chain's steps, and in training steps when the schedule is adapted first and how
/// often, never where `interval` is 0; `sample {sampler, steps, cfg_scale, variance, mixed {probability, share}, candidates, rerank,
/// judge}`: in the first `share` of the steps the state is now and then drawn anew from the estimate (`MixedSampler`); of so many
/// candidates one is said (`CandidateChoice`).
public final class SeqDiffuSeqSystem: Module, SentenceSystem {
    public static let name = "seqdiffuseq"

    let reader: (any TextReader)?
    let denoiser: DiffusionTransformer
    /// `[V, D]`; logits are products with it.
    let embedding: Embedding
    let schedule: AdaptiveSchedule
    let ground: SentenceGround
    private let listener: Listener
    private let generator: (PositionSchedule) throws -> GaussianGenerator
    private let mixed: (probability: Double, share: Double)
    let choice: CandidateChoice
    /// Deviation of a token's vector: that of the first step's noise.
    private let spread: Float

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let model = try section.section("model")
        let ground = try SentenceGround(model, surroundings)
        self.ground = ground
        listener = try ground.listener(try section.section("condition"), surroundings)
        reader = listener.reader
        let corruption = try section.section("corruption")
        let steps = try corruption.int("steps", default: 2000, in: 2...100_000)
        let bins = try corruption.int("bins", default: 100, in: 2...10_000)
        guard steps % bins == 0 else {
            throw corruption.error("bins", "do not divide the steps", expected: "a divisor of \(steps)", found: "\(bins)")
        }
        let chain = try ChainSchedule(.squareRoot(), steps: steps)
        schedule = AdaptiveSchedule(
            PositionSchedule(chain, positions: ground.length), bins: bins,
            interval: try corruption.int("interval", default: 1000, in: 0...1_000_000_000),
            start: try corruption.int("start", default: 2000, in: 1...1_000_000_000))
        spread = Float((1 - chain.alphaBars[1]).squareRoot())
        let width = try model.int("width", default: 64, in: 2...4096)
        var c = try ground.network(model, width: width)
        (c.classes, c.contextWidth, c.prediction) = (listener.classes, listener.width, .x0)
        denoiser = DiffusionTransformer(c)
        embedding = Embedding(ground.vocabulary, width: width, deviation: 1)
        let sample = try section.section("sample")
        let mixing = try sample.section("mixed")
        mixed = (
            try mixing.number("probability", default: 0, in: 0...1), try mixing.number("share", default: 0.5, in: 0...1)
        )
        choice = try CandidateChoice(sample, hasSource: reader != nil)
        generator = { schedule in
            try GaussianGenerator(
                GaussianSection(schedule, .x0), sample: sample, sampler: "ddpm", steps: 200,
                channels: width)
        }
        sampling = try generator(PositionSchedule(chain, positions: ground.length)).sampling
        super.init()
    }

    public let sampling: SamplingDefaults
    public var textReader: (any TextReader)? { reader }

    // MARK: - Training

    public var module: Module { self }
    public var phases: [Phase] {
        [
            Phase(
                name: "denoiser", parameters: parameters(), loss: { batch, _ in self.loss(batch) },
                commit: { sums, _, step in self.schedule.commit(sums, step: step) })
        ]
    }

    /// The squared error of the estimate, of the vector itself at the first step; what is left of the data at the last step; and the cross
    /// entropy of the tokens at the data. Sums over examples: `mse`, `rounding`.
    private func loss(_ batch: Batch) -> LossReport {
        let (B, L) = (batch.count, ground.length)
        let tokens = ground.tokens(of: batch)
        let schedule = schedule.schedule
        let D = denoiser.configuration.channels
        let vectors = embedding(tokens).unsqueezed(2)  // [B, L, 1, D]
        let x0 = vectors + normal(batch.places.map { $0("vector") }, [L, 1, D]) * spread
        let share = batch.wholeShare
        let times = UniformSteps(steps: schedule.steps).stratified(step: share.step, rows: share.rows, of: share.total).times
        let steps = times.map { schedule.step(Double($0)) }
        let corruption = GaussianCorruption(schedule)
        let state = corruption.corrupt(x0, at: times, noise: corruption.noise(batch.places, [L, 1, D]))
        var input = DenoiserInput(
            state: state, time: times, schedule: schedule, conditions: listener.conditions(of: batch))
        input.previous = denoiser.configuration.selfConditioning.shown(to: batch.places) { denoiser(input).output }
        let isFirst = Tensor(steps.map { $0 == 1 ? 1 : 0 }, [B, 1, 1, 1])
        let target = vectors * isFirst + x0 * (1 - isFirst)
        let errors = (denoiser(input).output - target).square().mean([2, 3])  // [B, L]
        let left = schedule.level(at: 1).alpha * x0
        let rounding = crossEntropy(logits(x0), tokens).mean(1)  // [B]
        let total = errors.mean(1) + left.square().mean([1, 2, 3]) + rounding
        var sums = ["mse": errors.detached().mean(1).sum(), "rounding": rounding.detached().sum()]
        sums.merge(self.schedule.sums(steps: steps, losses: errors.detached())) { $1 }
        return LossReport(loss: total.mean(), sums: sums)
    }

    /// `[B, L, 1, D]` to `[B, L, V]`.
    private func logits(_ x: Tensor) -> Tensor { matmul(x.squeezed(2), embedding.table.transposed()) }

    // MARK: - Sampling

    public func sample(_ request: SampleRequest, deliver: (Sample) throws -> Void) throws {
        try request.refuseMediaOptions()
        let (choice, request) = choice.asked(request)
        let jobs = try listener.jobs(request)
        var sets = CandidateSets<String>(of: jobs, count: choice.count)
        try generator(schedule.schedule).draw(
            jobs.candidates(choice.count), stateShape, request, denoiser,
            through: { MixedSampler($0, probability: self.mixed.probability, share: self.mixed.share) },
            conditions: { listener.conditions(of: $0, negative: request.negative) },
            frame: choice.frame { self.texts($0) },
            deliver: { _, latents in try sets.add(texts(latents)) { try deliver(choice.said($0, $1)) } })
    }

    private func texts(_ latents: Tensor) -> [String] {
        ground.texts(withoutGradients { logits(latents) }.argmax(2), nil)
    }

    // MARK: - Parts

    public var stateShape: [Int] { [ground.length, 1, denoiser.configuration.channels] }
    public var classCount: Int { listener.classes }
    public var contextWidth: Int { listener.width }
    public func denoise(_ question: DenoiserQuestion) -> Tensor { denoiser.answer(question) }

    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        choice.configuration(listener.configuration(resolved))
    }
}
