import Foundation
import Media
import Networks
import Systems
import Tensors
import Training

/// A training run in its folder: resumes where it stood, logs, shows samples, keeps checkpoints, leaves a model.
public final class TrainingRun {
    public struct Options: Sendable {
        public var folder: String?
        /// Starts over in a folder that holds a run.
        public var isFresh = false
        /// Allows another configuration than the folder's.
        public var allowsChange = false
        /// Stops after so many steps of this run, as if interrupted.
        public var maxSteps: Int?
        public var isQuiet = false
        /// Resumes from this step instead of the newest.
        public var from: Int?
        /// Where latents are kept between runs; beside the run folder when nil.
        public var cache: String?

        public init() {}
    }

    public enum Outcome: Sendable { case finished, interrupted }

    public let experiment: Experiment
    public let folder: RunFolder
    private let options: Options
    private let trainer: Trainer
    private let configurationHash: String
    /// The run folder, from which stored paths are seen.
    private let absolute: String
    private let say: (String) -> Void

    public init(_ experiment: Experiment, _ options: Options, say: @escaping (String) -> Void) throws {
        self.experiment = experiment
        self.options = options
        self.say = say
        let path = options.folder ?? "runs/\(experiment.name)"
        if options.isFresh {
            guard RunFolder.mayReplace(path) else {
                throw InputError("holds something else than a run, so it is not emptied", at: path, expected: "a run folder")
            }
        }
        folder = try RunFolder(path, isFresh: options.isFresh)
        absolute = URL(fileURLWithPath: path).standardizedFileURL.path
        configurationHash = SHA256.hex(experiment.resolved.canonicalBytes(relativeTo: absolute))
        let bar = ProgressBar("encoding", total: experiment.dataset.count, unit: "examples", quiet: options.isQuiet)
        let source = try experiment.source(cache: options.cache ?? path + "/../.cache") { done, _ in bar.update(done) }
        trainer = Trainer(experiment.system, plan: experiment.train.plan, source: source)
        try settle()
        experiment.dataset.remarks.forEach(say)
        if let reader = (experiment.system as? any ReadingSystem)?.textReader {
            CaptionFit(try experiment.data.captions(first: 2000), reader).warning.map(say)
        }
    }

    /// Takes up what the folder holds, or writes what a new run begins with.
    private func settle() throws {
        let steps = Checkpoint.whole(in: folder, warn: say)
        let wanted = options.from ?? steps.last
        if let from = options.from, !steps.contains(from) {
            throw InputError(
                "no whole checkpoint of that step", at: folder.checkpoints, expected: "one of \(steps)", found: "\(from)")
        }
        if let step = wanted {
            let stored = try Checkpoint.configuration(of: step, in: folder)
            if stored != configurationHash && !options.allowsChange {
                throw InputError(
                    "the run in this folder has another configuration", at: folder.resolved,
                    hint: "name the change with --set on 'resume', choose another --run-dir, or start over with --fresh")
            }
            try Checkpoint.restore(trainer, step: step, from: folder)
            say("resuming \(folder.path) at step \(step)")
        } else if let beginning = experiment.beginning {
            say(beginning)
        }
        try AtomicFile.write(experiment.resolved.yaml(relativeTo: absolute), to: folder.resolved)
        let environment = RunEnvironment(
            version: Version.current,
            kernels: [
                ("kernels", Compute.instructionSet), ("openblas", Compute.blasKernel), ("dnnl", Compute.dnnl),
                ("threads", "\(Compute.threads)"), ("precision", trainer.plan.precision.rawValue),
            ])
        try AtomicFile.write(environment.json, to: folder.path + "/env.json")
    }

    public func run() throws -> Outcome {
        let plan = trainer.plan
        let train = experiment.train
        if train.prepare > 0 { try trainer.prepare(examples: train.prepare) }
        let log = try RunLog(path: folder.log, after: trainer.step)
        let events = try EventFile(folder: folder.path, after: trainer.step)
        let bar = ProgressBar(
            experiment.name, total: plan.steps, from: trainer.step, unit: "step", quiet: options.isQuiet)
        let stop = options.maxSteps.map { trainer.step + $0 }
        var outcome = Outcome.finished
        Interruption.watch()
        let began = monotonicSeconds()
        try trainer.run { report in
            let step = report.step
            let waited = 100 * trainer.waitedSeconds / max(1e-9, monotonicSeconds() - began)
            if step % train.logEvery == 0 || step == plan.steps {
                try log.write(step: step, numbers: report.values.map { ($0.name, $0.value) })
                for (name, value) in report.values { try events.scalar(name, value, step: step) }
            }
            let shown = report.values.prefix(1).map { ($0.name, String(format: "%.4f", $0.value)) }
            bar.update(step, shown + [("wait", String(format: "%.1f%%", waited))])
            if report.skipped { bar.note("step \(step): left out, the loss or gradient was not finite") }
            if train.previewEvery > 0 && (step % train.previewEvery == 0 || step == plan.steps) {
                try preview(step: step, events, bar)
            }
            let stopping = Interruption.isWanted || step == stop
            if step % train.checkpointEvery == 0 || step == plan.steps || stopping {
                try log.flush()
                try events.flush()
                try Checkpoint.write(trainer, in: folder, configuration: configurationHash)
                try Checkpoint.prune(in: folder, keep: train.keep, keepEvery: train.keepEvery)
            }
            if stopping && step < plan.steps { outcome = .interrupted }
            return !stopping
        }
        bar.finish()
        if outcome == .finished { try finish() }
        return outcome
    }

    /// Samples or reconstructions with the averaged weights.
    private func preview(step: Int, _ events: EventFile, _ bar: ProgressBar) throws {
        guard let preview = try averaged({ try Preview.of(experiment) }) else { return }
        let name = folder.samples + String(format: "/step-%06d", step)
        if !preview.lines.isEmpty {
            try AtomicFile.write(preview.lines.joined(separator: "\n") + "\n", to: name + ".txt")
            for line in preview.lines.prefix(4) { bar.note(line) }
        }
        for (picture, title, ending) in [(preview.sheet, "samples", ""), (preview.film, "film", "-film")] {
            guard let picture else { continue }
            let png = picture.png(text: [("step", "\(step)")])
            try AtomicFile.write(png, to: name + "\(ending).png")
            try events.image(title, png: png, width: picture.width, height: picture.height, step: step)
        }
    }

    private func averaged<T>(_ body: () throws -> T) rethrows -> T {
        guard let averages = trainer.averages else { return try body() }
        return try averages.applied(body)
    }

    /// Writes `model/` with the averaged weights, and `result.json`.
    private func finish() throws {
        let train = experiment.train
        try averaged {
            if let codec = experiment.system as? any CodecSystem { codec.finish(over: try statisticsBatches()) }
            try ModelDirectory.write(
                experiment.system, resolved: experiment.resolved, to: folder.path + "/model", dtype: train.store)
        }
        let result = JSON.object([
            ("name", JSON(experiment.name)), ("steps", JSON(trainer.step)), ("configuration", JSON(configurationHash)),
            ("parameters", JSON(experiment.system.model.parameterCount)),
        ])
        try AtomicFile.write(result.encoded(pretty: true) + "\n", to: folder.path + "/result.json")
        try RunReport.write(experiment, in: folder, step: trainer.step)
        say("model: \(folder.path)/model")
    }

    private func statisticsBatches() throws -> [Tensor] {
        let count = min(experiment.train.statistics, experiment.dataset.count)
        return try stride(from: 0, to: count, by: 32).map { first in
            try experiment.media(first..<min(first + 32, count))
        }
    }
}
