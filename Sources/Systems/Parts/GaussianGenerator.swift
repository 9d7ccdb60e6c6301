import Diffusion
import Networks
import Tensors

/// What every system with Gaussian diffusion does alike: the loss of a batch, and a run of the sampler.
struct GaussianGenerator {
    let gaussian: GaussianSection
    let objective: GaussianObjective
    let sampling: SamplingDefaults
    private let spacing: Spacing
    private let guidedChannels: Int?
    private let selfConditioning: SelfConditioning
    /// Estimates of x0 are kept within ± this.
    private let reach: Float?
    private let nullSeesPrevious: Bool
    private let overstep: Double
    private let variance: AncestralSampler.Variance

    /// - Parameters:
    ///   - nullSeesPrevious: whether guidance's other branch also sees the estimate of the step before.
    ///   - reach: what latents lie within, so that estimates of them are kept there.
    ///   - sample: keys `sampler`, `steps`, `spacing`, `cfg_scale`, `cfg_channels`, `variance`, `overstep`.
    ///   - channels: of a latent's last axis.
    init(
        _ gaussian: GaussianSection, variance: LearnedVarianceLoss? = nil, selfConditioning: SelfConditioning = .none,
        reach: Float? = nil, nullSeesPrevious: Bool = true, sample: Section, sampler: String = "dpmpp-2m", steps: Int = 20,
        channels: Int
    ) throws {
        self.gaussian = gaussian
        self.selfConditioning = selfConditioning
        objective = GaussianObjective(
            gaussian.schedule, weighting: gaussian.weighting, variance: variance, isAbsolute: gaussian.isAbsolute)
        sampling = SamplingDefaults(
            sampler: try sample.choice("sampler", among: Samplers.names, default: sampler),
            steps: try sample.int("steps", default: steps, in: 1...10_000),
            guidance: try sample.number("cfg_scale", default: 1, in: -100...100))
        spacing = try sample.choice("spacing", default: gaussian.schedule is ChainSchedule ? .trailing : .uniform)
        self.reach = reach
        self.nullSeesPrevious = nullSeesPrevious
        overstep = try sample.number("overstep", default: 0, in: 0...1000)
        self.variance = try sample.choice("variance", default: variance == nil ? .small : .learned)
        guidedChannels = try sample.optionalInt("cfg_channels", in: 1...max(1, channels))
    }

    /// x0: `[B, ...]`. Sums over examples: `mse`, and `bound` in bits where variances are learned.
    ///
    /// - Parameters:
    ///   - mask: `[B, N]`, 1 where a sequence has content.
    ///   - counted: `[B, N]`, 1 where errors count; where there is content when nil.
    func loss(
        _ x0: Tensor, of batch: Batch, _ denoiser: any Denoiser, told conditions: [Condition], mask: Tensor? = nil,
        counted: Tensor? = nil
    ) -> LossReport {
        let epsilon = objective.corruption.noise(batch.places, Array(x0.shape.dropFirst()))
        let times =
            batch.share.map { gaussian.density.stratified(step: $0.step, rows: $0.rows, of: $0.total) }
            ?? gaussian.density.draw(batch.places)
        let terms = objective(x0, at: times, noise: epsilon, mask: counted ?? mask, selfConditioning, places: batch.places) {
            state, t, previous in
            denoiser(
                DenoiserInput(
                    state: state, time: t, schedule: gaussian.schedule, conditions: conditions, paddingMask: mask,
                    previous: previous))
        }
        var sums = ["mse": terms.squaredError.detached().sum()]
        if let bound = terms.bound { sums["bound"] = bound.detached().sum() }
        return LossReport(loss: terms.loss.mean(), sums: sums)
    }

    /// Draws chunk after chunk of the jobs and hands over the latents `[jobs of the chunk] + shape`.
    ///
    /// - Parameters:
    ///   - grid: the times of so many steps, where they are not spaced as the request or the model says.
    ///   - through: what becomes of the sampler that the request or the model asks for.
    ///   - clip: applied to each estimate of x0, where the model has no reach.
    ///   - settling: samples are done where their estimates, padding left out, are read alike for so many steps; never where those
    ///     are 0.
    ///   - known: start picture's latents, `[1] + shape`; from there with the request's strength, or kept where `mask` is 0.
    ///   - padding: of sequences, `[jobs, N]`, 1 where they have content; what is drawn elsewhere is 0.
    ///   - conditions: what the denoiser is told about some jobs, and what guidance holds against it if not nothing.
    ///   - frame: what the request's film shows of a step, of a chunk that begins with the job of that number.
    func draw(
        _ jobs: [SampleJob], _ shape: [Int], _ request: SampleRequest, _ denoiser: any Denoiser,
        grid chosen: ((Int) -> TimeGrid)? = nil, through: ((any Sampler) -> any Sampler)? = nil,
        clip: ((Tensor) -> Tensor)? = nil, settling: (patience: Int, read: (Tensor) -> Tokens)? = nil,
        known: Tensor? = nil, mask: Tensor? = nil, padding: (([SampleJob]) -> Tensor)? = nil,
        conditions: ([SampleJob]) -> (told: [Condition], negative: [Condition]?),
        frame: ((_ first: Int, SamplingProgress) -> FilmFrame)? = nil,
        deliver: (ArraySlice<SampleJob>, Tensor) throws -> Void
    ) throws {
        try request.refuse(
            [
                ("--truncation", request.truncation), ("--temperature", request.temperature),
                ("--size", request.size), ("--candidates", request.candidates),
            ], of: "tokens")
        let named = try Samplers.named(
            request.sampler ?? sampling.sampler, eta: request.eta ?? 0, variance: variance)
        let sampler = through?(named) ?? named
        let schedule = gaussian.schedule
        let steps = request.steps ?? sampling.steps
        let usual = request.spacing == nil ? chosen?(steps) : nil
        var grid = try (usual ?? (request.spacing ?? spacing).grid(steps: steps, for: schedule)).overstepping(by: overstep)
        let guidance = Guidance(
            scale: Float(request.guidance ?? sampling.guidance), channels: guidedChannels.map { 0..<$0 },
            nullSeesPrevious: nullSeesPrevious)
        var renoising: Renoising?
        if known != nil && mask == nil {
            renoising = Renoising(strength: request.strength, along: grid, schedule: schedule)
            grid = renoising!.grid
        }
        for chunk in jobs.chunks(of: request.batch) {
            let places = chunk.map(\.place)
            let known = known?.broadcast(to: [chunk.count] + shape)
            let x = known.flatMap { renoising?.start(from: $0, places) } ?? objective.corruption.prior(places, shape)
            let inpainting = known.flatMap { known in
                mask.map { Inpainting(known: known, mask: $0, schedule: schedule, places: places) }
            }
            var failure: (any Error)?
            let latents = withoutGradients {
                let said = conditions(Array(chunk))
                let padding = padding?(Array(chunk))
                let settled = settling.flatMap { $0.patience > 0 ? Settling(patience: $0.patience, read: $0.read) : nil }
                func content(_ x: Tensor) -> Tensor {
                    padding.map { x * $0.reshaped($0.shape + [Int](repeating: 1, count: x.rank - 2)) } ?? x
                }
                func current(_ x: Tensor) -> Tensor { settled?.merged(content(x)) ?? content(x) }
                return current(
                    sampler.sample(
                        from: x, along: grid, schedule: schedule, noise: StepNoise(places),
                        clip: reach.map { reach in { $0.clamped(-reach, reach) } } ?? clip,
                        constrain: inpainting.map { inpainting in { inpainting($0, $1) } },
                        observe: { progress in
                            guard failure == nil, let frame, let film = request.film,
                                film.shows(progress.index, of: progress.count)
                            else { return }
                            var seen = progress
                            seen.x0 = current(progress.x0)
                            do { try film.show(frame(chunk.startIndex, seen)) } catch { failure = error }
                        },
                        ends: settled.map { settled in { settled.watch(content($0.x0)) } },
                        predict: denoiser.predictor(
                            schedule: schedule, along: grid, conditions: said.told, guidance: guidance, negative: said.negative,
                            paddingMask: padding)))
            }
            if let failure { throw failure }
            try deliver(chunk, latents)
        }
    }
}
