import Networks
import Tensors

/// Everything a training run is told besides what it trains.
public struct TrainingPlan: Sendable {
    /// Optimiser steps.
    public var steps = 1000
    /// Examples per step; accumulation is derived.
    public var batch = 32
    /// Examples per pass.
    public var microbatch = 32
    /// Passes at the same time, each on one thread; 1 gives every pass all threads. Bits depend on it only through this difference.
    public var shards = 1
    public var seed: UInt64 = 0
    public var precision = Precision.f32
    /// By phase name; "default" serves the phases that have none of their own.
    public var optimizers = ["default": OptimizerConfiguration.adamW(AdamWConfiguration(rate: LearningRate(peak: 1e-4)))]
    /// Largest global gradient norm, 0 for none.
    public var clip = 0.0
    /// Decay of the running average of weights, 0 for none.
    public var averageDecay = 0.0
    public var averageWarmsUp = true
    public var onNonfinite = NonfinitePolicy.stop

    public enum NonfinitePolicy: String, Sendable, CaseIterable { case stop, skip }

    public init() {}

    /// What `shards` is where nobody says: a part for each thread, where there are few threads (each part needs gradients of its
    /// own) and each gets a few examples.
    public static func shards(batch: Int, threads: Int) -> Int { threads <= 8 && batch >= 4 * threads ? threads : 1 }

    func optimizer(_ phase: String) -> OptimizerConfiguration { optimizers[phase] ?? optimizers["default"]! }
}

/// Where examples come from: a pure function of the step and the place in the batch, so that a resumed run sees the same ones.
public protocol BatchSource: AnyObject {
    /// Examples `range` of the batch of `step`; `places[i]` belongs to example `range[i]`.
    func batch(step: Int, range: Range<Int>, places: [Noise]) throws -> Batch
    /// Seconds that `batch` has made training wait.
    var waitedSeconds: Double { get }
}

extension BatchSource {
    /// Of sources whose examples lie in memory.
    public var waitedSeconds: Double { 0 }
}

/// What one step did.
public struct StepReport: Sendable {
    public var step: Int
    /// "loss", "loss/<phase>", "rate", "gradient", and every named sum as a mean over examples.
    public var values: [(name: String, value: Double)]
    public var skipped = false
}

/// The loop: microbatches, one gradient, one update, one commit per phase and step.
public final class Trainer {
    public let subject: any Trainable
    public let plan: TrainingPlan
    public let averages: MovingAverage?
    /// Steps done.
    public internal(set) var step = 0
    /// Steps whose update was left out because of a NaN.
    public internal(set) var skips = 0
    let phases: [(phase: Phase, optimizer: any Optimizer)]
    private let source: any BatchSource
    private let noise: Noise

    public init(_ subject: any Trainable, plan: TrainingPlan, source: any BatchSource) {
        self.subject = subject
        self.plan = plan
        self.source = source
        noise = Noise(seed: plan.seed)("train")
        phases = subject.phases.map { phase in
            var phase = phase
            phase.parameters.removeAll(where: \.isFrozen)
            return (phase, plan.optimizer(phase.name).made(phase.parameters))
        }
        _ = subject.module.parameters()  // names them from the root, whatever part a phase took them from
        averages =
            plan.averageDecay > 0
            ? MovingAverage(decay: plan.averageDecay, warmsUp: plan.averageWarmsUp, subject.module.parameters()) : nil
    }

    /// Lets the subject look at data before the first step.
    public func prepare(examples: Int) throws {
        guard step == 0 else { return }
        let places = (0..<examples).map { noise("prepare")($0) }
        subject.prepare(with: try source.batch(step: 0, range: 0..<examples, places: places))
    }

    /// Trains until `plan.steps`, or until `observe` returns false.
    public func run(observe: (StepReport) throws -> Bool = { _ in true }) throws {
        while step < plan.steps {
            let report = try advance()
            if try !observe(report) { return }
        }
    }

    /// Seconds spent waiting for data so far.
    public var waitedSeconds: Double { source.waitedSeconds }

    /// One optimiser step.
    public func advance() throws -> StepReport {
        var report = StepReport(step: step + 1, values: [])
        var total = 0.0
        averages?.beginStep()
        for (phase, optimizer) in phases where phase.isActive(step) {
            let sum = try accumulated(phase)
            total += sum.loss
            let norm = sum.gradients.reduce(0) { $0 + backend.sumOfSquares($1) }.squareRoot()
            guard sum.loss.isFinite && norm.isFinite else {
                try handleNonfinite(phase, loss: sum.loss, norm: norm)
                report.skipped = true
                continue
            }
            let rate = plan.optimizer(phase.name).rate(step, of: plan.steps)
            let scale = plan.clip > 0 && norm > plan.clip ? plan.clip / norm : 1
            withPrecision(plan.precision) {
                optimizer.update(sum.gradients, scale: scale, rate: rate, averages: averages)
            }
            phase.commit(sum.sums, plan.batch, step)
            let prefix = phases.count > 1 ? "/\(phase.name)" : ""
            report.values += [("loss" + prefix, sum.loss), ("gradient" + prefix, norm), ("rate" + prefix, rate)]
            for (name, value) in sum.sums.sorted(by: { $0.key < $1.key }) where value.count == 1 {
                report.values.append((name, Double(value.scalar) / Double(plan.batch)))
            }
        }
        if phases.count > 1 { report.values.insert(("loss", total), at: 0) }
        step += 1
        return report
    }

    private func examples(_ range: Range<Int>) throws -> Batch {
        let place = noise(step)
        var batch = try source.batch(step: step, range: range, places: range.map { place($0) })
        batch.share = Batch.Share(rows: range, total: plan.batch, step: place)
        return batch
    }

    /// Of the whole batch.
    private func accumulated(_ phase: Phase) throws -> GradientSum {
        try GradientSum(pieces(plan.batch, of: plan.microbatch), shards: plan.shards, load: examples) { batch in
            withPrecision(plan.precision) {
                GradientSum(
                    phase.loss(batch, step), share: Float(batch.count) / Float(plan.batch), wrt: phase.parameters)
            }
        }
    }

    /// Runs the step again with every operation inspected, and names the first that went wrong.
    private func handleNonfinite(_ phase: Phase, loss: Double, norm: Double) throws {
        skips += 1
        if plan.onNonfinite == .skip { return }
        let check = FiniteCheck()
        try check { _ = try accumulated(phase) }
        throw WorkError(
            "step \(step + 1), phase \(phase.name): loss is \(loss), gradient norm \(norm); "
                + "first non-finite: \(check.finding ?? "none found on repetition"); weights are as before the step")
    }
}
