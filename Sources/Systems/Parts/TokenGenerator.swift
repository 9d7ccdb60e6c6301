import Codecs
import Diffusion
import Glibc
import Networks
import Tensors

/// What every system of categorical diffusion does alike: the loss of a batch, and a run of the sampler.
struct TokenGenerator {
    let categorical: CategoricalSection
    let sampling: SamplingDefaults
    private let choice: TokenChoice
    /// The sampler's own when nil.
    private let choiceTemperature: Double?
    private let sharpening: Double
    private let criticNoise: Double
    private let corrector: TokenCorrector?

    var corruption: CategoricalCorruption { categorical.objective.corruption }

    /// - Parameter sample: keys `sampler`, `steps`, `cfg_scale`, `truncation`, `temperature`, `final_temperature`,
    ///   `choice_temperature`, `sharpening`, `critic_noise`, `corrector`.
    /// - Parameter sampler: where the file names none; by what the logits speak of when nil.
    init(_ categorical: CategoricalSection, sample: Section, sampler: String?, truncation: Double = 1, steps: Int) throws {
        let usual = categorical.objective.logits == .presentFromOthers ? "rates" : "ancestral"
        self.categorical = categorical
        sampling = SamplingDefaults(
            sampler: try sample.choice("sampler", among: TokenSamplers.names, default: sampler ?? usual),
            steps: try sample.int("steps", default: steps, in: 1...categorical.schedule.steps),
            guidance: try sample.number("cfg_scale", default: 1, in: -100...100))
        choice = try TokenChoice(sample, truncation: truncation)
        choiceTemperature = try sample.optionalNumber("choice_temperature", in: 0...1000)
        sharpening = try sample.number("sharpening", default: 1, in: 0...100)
        criticNoise = try sample.number("critic_noise", default: 1, in: 0...100)
        let corrections = try sample.int("corrector", default: 0, in: 0...1000)
        corrector = corrections > 0 ? TokenCorrector(steps: corrections, of: categorical.objective.logits) : nil
        if corrector != nil && !hasRates {
            throw sample.error(
                "corrector", "needs a corruption that always keeps something", expected: "0, or corruption.shape: exponential",
                found: "\(corrections)")
        }
        do { _ = try self.sampler(named: sampling.sampler) } catch {
            throw sample.error("sampler", error.what, expected: error.expected, found: error.found)
        }
    }

    /// x0: `[B, N]`. Sums over examples: `cross_entropy` of x0 where the logits speak of it and, of the bound, `bits` per token.
    func loss(_ x0: Tokens, of batch: Batch, _ denoiser: any Denoiser, told conditions: [Condition]) -> LossReport {
        let times = draw(batch)
        let schedule = categorical.schedule
        let terms = categorical.objective(x0, at: times, batch.places, counts: nil) { x, t in
            denoiser(DenoiserInput(x, at: t, schedule, conditions: conditions)).output
        }
        var sums: [String: Tensor] = [:]
        if let entropy = terms.crossEntropy { sums["cross_entropy"] = entropy.sum() }
        if let bound = terms.bound {
            let weights = Tensor(times.weights, [times.weights.count])
            sums["bits"] = (bound * weights).sum() * Float(schedule.steps) / Float(log(2.0))
            if let importance = categorical.importance {
                sums.merge(importance.sums(times: times.times, losses: bound)) { $1 }
            }
        }
        return LossReport(loss: terms.loss.mean(), sums: sums)
    }

    private func draw(_ batch: Batch) -> TimeDraw {
        func drawn(_ density: some TimeDensity) -> TimeDraw {
            batch.share.map { density.stratified(step: $0.step, rows: $0.rows, of: $0.total) } ?? density.draw(batch.places)
        }
        return categorical.importance.map { drawn($0.density) } ?? drawn(UniformSteps(steps: categorical.schedule.steps))
    }

    private func sampler(named name: String) throws(InputError) -> any TokenSampler {
        let kind = categorical.objective.logits
        switch name {
        case "ancestral" where kind != .presentFromOthers: return AncestralTokens(seesToken: kind == .clean)
        case "ancestral":
            throw InputError(
                "this sampler needs chances of clean tokens", at: "--sampler",
                expected: "rates or tau-leaping, or corruption.parameterization: implicit", found: "'\(name)'")
        case "rates" where hasRates: return EulerTokens(of: kind)
        case "tau-leaping" where hasRates: return TauLeapingTokens(of: kind)
        case "rates", "tau-leaping":
            throw InputError(
                "this sampler needs a corruption that always keeps something", at: "--sampler",
                expected: "ancestral, or corruption.shape: exponential", found: "'\(name)'")
        case "confidence" where categorical.schedule.masks:
            return choiceTemperature.map { ConfidenceTokens(temperature: $0) } ?? ConfidenceTokens()
        case "purity" where categorical.schedule.masks:
            return PurityTokens(sharpening: Float(sharpening), temperature: choiceTemperature ?? 1)
        case "critic" where categorical.schedule.masks: return CriticTokens(noise: criticNoise)
        case "random" where categorical.schedule.masks: return RandomTokens()
        case "confidence", "purity", "critic", "random":
            throw InputError(
                "this sampler needs a corruption that masks", at: "--sampler", expected: "ancestral", found: "'\(name)'")
        default:
            throw InputError(
                "unknown sampler", at: "--sampler", expected: "one of " + TokenSamplers.names.joined(separator: ", "),
                found: "'\(name)'", hint: nearestName(to: name, among: TokenSamplers.names).map { "did you mean '\($0)'?" })
        }
    }

    /// Draws chunk after chunk of the jobs and hands over the tokens `[jobs of the chunk, N]`.
    ///
    /// - Parameters:
    ///   - window: the network's grid, over the one that is drawn.
    ///   - known: tokens of the start picture, `[1, N]`: lost as far as the request's strength says, or kept where `isFree` is false.
    ///   - conditions: what the denoiser is told about some jobs, and what guidance holds against it if not nothing.
    ///   - judge: how real the tokens of a window look, for samplers with a critic.
    ///   - frame: what the request's film shows of a step, of a chunk that begins with the job of that number.
    func draw(
        _ jobs: [SampleJob], through window: SlidingWindow, _ request: SampleRequest, _ denoiser: any Denoiser,
        known: Tokens? = nil, isFree: [Bool]? = nil,
        conditions: ([SampleJob]) -> (told: [Condition], negative: [Condition]?),
        judge: ((Tokens, Double, [Condition]) -> Tensor)? = nil,
        frame: @escaping (_ first: Int, TokenProgress) -> FilmFrame,
        deliver: (ArraySlice<SampleJob>, Tokens) throws -> Void
    ) throws {
        let N = window.length
        try request.refuse([("--eta", request.eta), ("--spacing", request.spacing)], of: "real latents")
        let sampler = try sampler(named: request.sampler ?? sampling.sampler)
        if sampler is CriticTokens && judge == nil {
            throw InputError("this model has no critic", at: "--sampler", expected: "another sampler", found: "'critic'")
        }
        var grid = try categorical.schedule.grid(steps: request.steps ?? sampling.steps)
        if known != nil && isFree == nil { grid = grid.suffix(strength: request.strength) }
        let guidance = Guidance(scale: Float(request.guidance ?? sampling.guidance))
        for chunk in jobs.chunks(of: request.batch) {
            let places = chunk.map(\.place)
            let given = known.map { picture in Tokens(chunk.flatMap { _ in picture.values }, [chunk.count, N]) }
            let start = self.start(
                places, N, from: isFree == nil ? given : nil, at: Float(grid.start), onlyMasks: sampler is any UnmaskingSampler)
            let kept = given.flatMap { given in
                isFree.map { free in KnownTokens(given, isFree: chunk.flatMap { _ in free }) }
            }
            var failure: (any Error)?
            let tokens = withoutGradients {
                let said = conditions(Array(chunk))
                let predict = denoiser.logits(
                    categorical.schedule, along: grid, conditions: said.told, guidance: guidance, negative: said.negative)
                return sampler.sample(
                    from: start, along: grid, corruption, places, known: kept, corrector: corrector,
                    judge: judge.map { judge in
                        { x, time in window.averaged(x) { judge($0, time, said.told) } }
                    },
                    // Without an observer no step works out what it would show.
                    observe: request.film.map { film in
                        { progress in
                            guard failure == nil, film.shows(progress.index, of: progress.count) else { return }
                            do { try film.show(frame(chunk.startIndex, progress)) } catch { failure = error }
                        }
                    },
                    predict: { x, time in choice.narrowed(window.logits(x) { predict($0, time) }, at: time, request) })
            }
            if let failure { throw failure }
            try deliver(chunk, tokens)
        }
    }

    /// Nats of tokens `[B, N]`, at most (`TokenObjective.nats`).
    func nats(
        _ tokens: Tokens, _ places: [Noise], terms: Int? = nil, through window: SlidingWindow? = nil, _ denoiser: any Denoiser,
        told: [Condition]
    ) -> Tensor? {
        categorical.objective.nats(tokens, places, terms: terms) { x, times in
            func look(_ x: Tokens) -> Tensor {
                denoiser.shared(DenoiserInput(x, at: times, categorical.schedule, conditions: told)).output
            }
            return window?.logits(x, look) ?? look(x)
        }
    }

    /// Tokens `[B, N]` that a run begins with: as lost as the data are at the end of the chain, or what is given as lost as at `time`.
    ///
    /// - Parameter onlyMasks: what is lost is masked, never replaced.
    private func start(_ places: [Noise], _ N: Int, from given: Tokens?, at time: Float, onlyMasks: Bool) -> Tokens {
        guard let given else {
            return onlyMasks
                ? Tokens([Int32](repeating: corruption.mask, count: places.count * N), [places.count, N])
                : corruption.prior(places, N)
        }
        var lost = corruption.corrupt(given, at: places.map { _ in time }, places)
        if onlyMasks { for i in lost.values.indices where lost.values[i] != given.values[i] { lost.values[i] = corruption.mask } }
        return lost
    }

    /// Tokens are lost at finite rates at all times.
    private var hasRates: Bool { categorical.schedule.level(at: 1).keep > 0 }

    /// Tokens are masked and never replaced, as samplers that choose what to unmask need it.
    var masksOnly: Bool { categorical.schedule.level(at: 1).replace == 0 && categorical.schedule.masks }
}
