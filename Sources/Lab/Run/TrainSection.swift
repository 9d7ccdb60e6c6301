import Systems
import Tensors
import Training

/// `train:` steps, batch, microbatch, shards, precision, store, freeze, optimizer, optimizers, schedule, clip, ema, checkpoint, preview.
struct TrainSection {
    var plan = TrainingPlan()
    let checkpointEvery, keep, keepEvery: Int
    let logEvery: Int
    let previewEvery: Int
    let previewPrompts: [String]
    let previewClasses: [Int]
    let previewSeeds: [Int]
    /// Examples shown to the system before the first step.
    let prepare: Int
    /// Examples over which a codec's statistics are fitted at the end.
    let statistics: Int
    /// How the names of parameters begin that stay as they are.
    private let frozen: [String]
    /// What the finished model's weights are stored as.
    let store: DType

    /// - Parameter phases: of the system; where there are several, `optimizers.<phase>` says how each differs from `optimizer`.
    init(_ section: Section, seed: UInt64, phases: [String]) throws {
        plan.seed = seed
        plan.steps = try section.int("steps", default: 1000, in: 1...1_000_000_000)
        plan.batch = try section.int("batch", default: 32, in: 1...1_000_000)
        // A user's microbatch is a bound on memory, which passes at the same time would break.
        let bounded = section.has("microbatch")
        let free = TrainingPlan.shards(batch: plan.batch, threads: Compute.threads)
        plan.shards = try section.int("shards", default: bounded ? 1 : free, in: 1...1024)
        let part = (plan.batch + plan.shards - 1) / plan.shards
        plan.microbatch = min(plan.batch, try section.int("microbatch", default: part, in: 1...1_000_000))
        plan.precision = try section.choice("precision", default: .f32)
        plan.clip = try section.number("clip", default: 1, in: 0...1e9)
        plan.onNonfinite = try section.choice("on_nonfinite", default: .stop)
        let ema = try section.section("ema")
        plan.averageDecay = try ema.number("decay", default: 0.999, in: 0...0.999999)
        plan.averageWarmsUp = try ema.bool("warmup", default: true)
        let optimizer = try section.section("optimizer")
        let schedule = try section.section("schedule")
        let rate = LearningRate(
            peak: 1e-4, shape: try schedule.choice("kind", default: .constant),
            warmup: try schedule.int("warmup", default: 0, in: 0...1_000_000_000),
            floor: try schedule.number("floor", default: 0, in: 0...))
        let common = try Self.optimizer(optimizer, .adamW(AdamWConfiguration(rate: rate)))
        plan.optimizers = ["default": common]
        if phases.count > 1 {
            let own = try section.section("optimizers")
            for phase in phases { plan.optimizers[phase] = try Self.optimizer(try own.section(phase), common) }
        }
        logEvery = try section.int("log_every", default: 10, in: 1...1_000_000)
        prepare = try section.int("prepare", default: min(256, plan.batch * 8), in: 0...100_000)
        statistics = try section.int("statistics", default: 1024, in: 1...10_000_000)
        frozen = try section.strings("freeze", default: [])
        store = try section.choice("store", default: .f32)
        let checkpoint = try section.section("checkpoint")
        checkpointEvery = try checkpoint.int("every", default: max(1, plan.steps / 10), in: 1...1_000_000_000)
        keep = try checkpoint.int("keep", default: 2, in: 1...1_000_000)
        keepEvery = try checkpoint.int("keep_every", default: 0, in: 0...1_000_000_000)
        let preview = try section.section("preview")
        previewEvery = try preview.int("every", default: max(1, plan.steps / 10), in: 0...1_000_000_000)
        previewPrompts = try preview.strings("prompts", default: [])
        previewClasses = try preview.ints("classes", default: [])
        previewSeeds = try preview.seeds("seeds", default: [0, 1, 2, 3])
    }

    /// Has what `freeze` names stay as it is.
    func freeze(in model: Module) throws(InputError) {
        let parameters = model.parameters()
        // A name that nothing begins with is a slip of the pen.
        for name in frozen where !parameters.contains(where: { $0.name.hasPrefix(name) }) {
            throw InputError(
                "no parameter's name begins with \(name)", at: "train.freeze",
                hint: nearestBeginning(to: name, among: parameters.map(\.name)).map { "the model has \($0)" })
        }
        for parameter in parameters where frozen.contains(where: parameter.name.hasPrefix) { parameter.isFrozen = true }
        guard parameters.isEmpty || !parameters.allSatisfy(\.isFrozen) else {
            throw InputError("leaves nothing to train", at: "train.freeze", found: frozen.joined(separator: ", "))
        }
    }

    /// What is not said is as in `fallback`.
    private static func optimizer(_ section: Section, _ fallback: OptimizerConfiguration) throws -> OptimizerConfiguration {
        let before: MuonConfiguration =
            switch fallback {
            case .adamW(let settings): MuonConfiguration(rest: settings)
            case .muon(let settings): settings
            }
        var settings = before.rest
        let kind = try section.choice("kind", among: ["adamw", "muon"], default: fallback == .muon(before) ? "muon" : "adamw")
        settings.rate.peak = try section.number("lr", default: settings.rate.peak, in: Section.positive)
        let betas = try section.numbers("betas", default: [settings.betas.0, settings.betas.1], in: 0..<1)
        guard betas.count == 2 else { throw section.error("betas", "needs two numbers", found: "\(betas.count)") }
        settings.betas = (betas[0], betas[1])
        settings.eps = try section.number("eps", default: settings.eps, in: Section.positive)
        settings.decay = try section.number("weight_decay", default: settings.decay, in: 0...)
        guard kind == "muon" else { return .adamW(settings) }
        return .muon(
            MuonConfiguration(
                rest: settings, momentum: try section.number("momentum", default: before.momentum, in: 0..<1),
                iterations: try section.int("iterations", default: before.iterations, in: 1...20)))
    }
}
