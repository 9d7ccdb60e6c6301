import Denoisers
import Diffusion
import Media
import Networks
import Tensors

/// P2: Continuous diffusion for categorical data (Dieleman et al. 2022, arXiv 2211.15089): noise on learned vectors of tokens, undone along the
/// probability-flow ODE by a network that is trained with cross entropy alone, at times that a warp learns to choose.
///
/// Sections: `condition` `none`, `class`, or `text` for sentences to be made into others; `model` as of `dit`, and `vocabulary`,
/// `length`, `width` D of a token's vector, `dropout`, how often no position is known in training; `corruption {least, most, warp,
/// bins, rate}`, the deviations of the noise between which it is undone; `sample {sampler, steps, cfg_scale, score_temperature,
/// warp_temperature, warp_even, candidates, rerank, judge}`: below 1 the score's temperature sharpens (`TemperedScore`), that of the
/// warp takes more of the steps where the loss grows fastest, `warp_even` is the share of them that is spread evenly
/// (`TimeWarp.tempered`); of so many candidates one is said (`CandidateChoice`).
public final class CDCDSystem: Module, SentenceSystem {
    public static let name = "cdcd"

    let reader: (any TextReader)?
    let denoiser: ScoreInterpolation
    /// Nil where times are drawn evenly.
    let warp: FittedWarp?
    let ground: SentenceGround
    private let listener: Listener
    private let generator: GaussianGenerator
    private let schedule: VarianceExploding
    private let least, dropout: Double
    private let scoreTemperature, warpTemperature, warpEven: Double
    let choice: CandidateChoice

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let model = try section.section("model")
        ground = try SentenceGround(model, surroundings)
        listener = try ground.listener(try section.section("condition"), surroundings)
        reader = listener.reader
        dropout = try model.number("dropout", default: 0.1, in: 0...1)
        let corruption = try section.section("corruption")
        schedule = VarianceExploding(most: try corruption.number("most", default: 300, in: Section.positive))
        least = try corruption.number("least", default: 1, in: 0...schedule.most * 0.99) / schedule.most
        let bins = try corruption.int("bins", default: 100, in: 1...10_000)
        let rate = try corruption.number("rate", default: 0.01, in: 0...10)
        warp = try corruption.bool("warp", default: true) ? FittedWarp(bins: bins, least: least, rate: rate) : nil
        let width = try model.int("width", default: 64, in: 2...4096)
        var c = try ground.network(model, width: width)
        (c.classes, c.contextWidth, c.prediction) = (listener.classes, listener.width, .x0)
        (c.knows, c.outputs) = (true, ground.vocabulary)
        denoiser = ScoreInterpolation(c, schedule)
        let sample = try section.section("sample")
        scoreTemperature = try sample.number("score_temperature", default: 1, in: 0.01...100)
        warpTemperature = try sample.number("warp_temperature", default: 1, in: 0.01...100)
        warpEven = try sample.number("warp_even", default: 0, in: 0...1)
        choice = try CandidateChoice(sample, hasSource: reader != nil)
        generator = try GaussianGenerator(
            GaussianSection(schedule, .x0), sample: sample,
            sampler: "euler", steps: 100, channels: width)
        super.init()
    }

    public var textReader: (any TextReader)? { reader }
    public var sampling: SamplingDefaults { generator.sampling }

    // MARK: - Training

    public var module: Module { self }
    public var phases: [Phase] {
        [
            Phase(
                name: "denoiser", parameters: parameters(), loss: { batch, _ in self.loss(batch) },
                commit: { sums, _, _ in self.warp?.commit(sums) })
        ]
    }

    private var density: any TimeDensity { warp?.warp ?? UniformTimes(in: least...1) }

    /// Cross entropy of the tokens that are not known: not weighted, the times are. Sums over examples: `entropy`.
    private func loss(_ batch: Batch) -> LossReport {
        let (B, L) = (batch.count, ground.length)
        let tokens = ground.tokens(of: batch)
        let vectors = embedding(denoiser.vectors, tokens)  // [B, L, D]
        let share = batch.wholeShare
        let draw = density.stratified(step: share.step, rows: share.rows, of: share.total)
        let corruption = GaussianCorruption(schedule)
        let x0 = vectors.unsqueezed(2)
        let state = corruption.corrupt(x0, at: draw.times, noise: corruption.noise(batch.places, Array(x0.shape.dropFirst())))
        let flags = batch.places.map { revealed($0, L) }
        let known = Tensor(flags.flatMap { $0.map { $0 ? 1 : 0 } }, [B, L])
        var input = DenoiserInput(
            state: state, time: draw.times, schedule: schedule,
            conditions: listener.conditions(of: batch) + [SentenceGround.told(vectors, known)])
        input.previous = denoiser.transformer.configuration.selfConditioning.shown(to: batch.places) { denoiser(input).output }
        let counted = 1 - known
        let entropy = (crossEntropy(denoiser.logits(input), tokens) * counted).sum(1) / counted.sum(1)  // [B]
        var sums = ["entropy": entropy.detached().sum()]
        if let warp {
            sums.merge(warp.sums(times: draw.times, losses: entropy.detached(), rows: share.rows, of: share.total)) { $1 }
        }
        return LossReport(loss: entropy.mean(), sums: sums)
    }

    /// A beginning of any length or as many positions anywhere, never all; nothing now and then.
    private func revealed(_ place: Noise, _ length: Int) -> [Bool] {
        guard place("hidden").uniformDouble() >= dropout else { return [Bool](repeating: false, count: length) }
        let count = Int(place("known").uniformDouble() * Double(length))
        guard place("prefix").uniformDouble() >= 0.5 else { return (0..<length).map { $0 < count } }
        let chosen = Set(place("positions").permutation(length).prefix(count))
        return (0..<length).map(chosen.contains)
    }

    // MARK: - Sampling

    public func sample(_ request: SampleRequest, deliver: (Sample) throws -> Void) throws {
        try request.refuseMediaOptions()
        let (choice, request) = choice.asked(request)
        let jobs = try SampleJob.list(request, hasText: reader != nil, classes: listener.classes, fills: reader == nil)
        let given = try ground.given(request)
        func blanked(_ jobs: some Collection<SampleJob>) -> [BlankedSentence]? {
            given.map { all in jobs.map { all[$0.prompt!]! } }
        }
        let vectors = withoutGradients { denoiser.vectors }
        let grown = warp?.warp.tempered(by: warpTemperature, evenly: warpEven)
        var sets = CandidateSets<String>(of: jobs, count: choice.count)
        try generator.draw(
            jobs.candidates(choice.count), [ground.length, 1, vectors.shape[1]], request, denoiser,
            grid: { steps in
                grown?.grid(steps: steps)
                    ?? TimeGrid(times: (0..<steps).map { 1 - (1 - self.least) * Double($0) / Double(steps) })
            },
            through: { TemperedScore($0, by: self.scoreTemperature, along: self.schedule) },
            conditions: { jobs in
                var (told, negative) = listener.conditions(of: jobs, negative: request.negative)
                if let blanked = blanked(jobs) { told.append(ground.known(blanked, vectors)) }
                if negative != nil, told.count > negative!.count { negative!.append(told.last!.withheld) }
                return (told, negative)
            },
            frame: choice.frame { self.texts($0, vectors, nil) },
            deliver: { chunk, latents in
                try sets.add(texts(latents, vectors, blanked(chunk))) { try deliver(choice.said($0, $1)) }
            })
    }

    /// The tokens whose vectors are nearest to the last estimate, which the last step ends at.
    private func texts(_ latents: Tensor, _ vectors: Tensor, _ given: [BlankedSentence]?) -> [String] {
        ground.texts(withoutGradients { matmul(latents.squeezed(2), vectors.transposed()) }.argmax(2), given)
    }

    // MARK: - Parts

    public var stateShape: [Int] { [ground.length, 1, denoiser.transformer.configuration.channels] }
    public var classCount: Int { listener.classes }
    public var contextWidth: Int { listener.width }
    public func denoise(_ question: DenoiserQuestion) -> Tensor { denoiser.transformer.answer(question) }

    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        choice.configuration(listener.configuration(resolved))
    }
}
