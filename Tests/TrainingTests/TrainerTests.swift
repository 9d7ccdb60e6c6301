import Networks
import TestKit
import Tensors
import Testing
import Training

/// y = w x + b fitted to a line, with a counter that `commit` moves.
private final class LineFit: Module, Trainable {
    let weight = Parameter([1, 1], .zeros, decays: true)
    let bias = Parameter([1], .zeros, decays: false)
    let seen = Buffer(.zeros([1]))
    var poisonedStep: Int?

    var module: Module { self }
    var phases: [Phase] {
        [
            Phase(
                name: "fit", parameters: parameters(),
                loss: { batch, step in
                    let x = batch.latents!
                    var y = linear(x, self.weight.value, self.bias.value)
                    if step == self.poisonedStep { y = (y - y).log() * 0 + y }
                    return LossReport(loss: (y - (x * 3 + 1)).square().mean(), sums: ["seen": Tensor(Float(batch.count))])
                },
                commit: { sums, _, _ in self.seen.value = self.seen.value + sums["seen"]! })
        ]
    }
}

private final class Points: BatchSource {
    func batch(step: Int, range: Range<Int>, places: [Noise]) -> Batch {
        Batch(latents: normal(places, [1]), places: places)
    }
}

@Suite struct TrainerTests {
    private func plan(_ change: (inout TrainingPlan) -> Void = { _ in }) -> TrainingPlan {
        var plan = TrainingPlan()
        plan.steps = 60
        plan.batch = 12
        plan.microbatch = 12
        plan.seed = 5
        plan.averageDecay = 0.9
        plan.optimizers = ["default": .adamW(AdamWConfiguration(rate: LearningRate(peak: 0.1, shape: .cosine, warmup: 5)))]
        change(&plan)
        return plan
    }

    private func trained(_ plan: TrainingPlan) throws -> LineFit {
        let fit = LineFit()
        try Trainer(fit, plan: plan, source: Points()).run()
        return fit
    }

    @Test func `a line is learned, and commits happen once a step`() throws {
        let fit = try trained(plan { $0.steps = 200 })
        expectClose(fit.weight.value, Tensor([3], [1, 1]), relative: 2e-2)
        expectClose(fit.bias.value, Tensor([1], [1]), relative: 2e-2)
        #expect(fit.seen.value.scalar == 200 * 12)
    }

    @Test func `accumulation over microbatches changes rounding only`() throws {
        let whole = try trained(plan())
        for size in [1, 5, 6] {
            let parts = try trained(plan { $0.microbatch = size })
            expectClose(parts.weight.value, whole.weight.value, relative: 1e-4, "microbatch \(size)")
            expectIdentical(parts.seen.value, whole.seen.value)
        }
    }

    @Test func `passes at the same time give the same bits with one thread and with several`() throws {
        let before = Compute.threads
        defer { Compute.threads = before }
        let runs = try [1, 2, 5].map { threads in
            Compute.threads = threads
            return try trained(
                plan {
                    $0.microbatch = 3
                    $0.shards = 2
                    $0.precision = .bf16
                })
        }
        for run in runs {
            expectIdentical(run.weight.value, runs[0].weight.value)
            expectIdentical(run.seen.value, runs[0].seen.value)
        }
        let whole = try trained(plan { $0.precision = .bf16 })
        expectClose(runs[0].weight.value, whole.weight.value, relative: 1e-3)
        expectIdentical(runs[0].seen.value, whole.seen.value)
    }

    @Test func `a run that stops and goes on equals one that does not, bit for bit`() throws {
        let folder = try RunFolder("/tmp/latentlab-test-\(Noise(seed: 1).integer(below: 1 << 40))")
        defer { try? Folder.remove(folder.path) }
        let straight = try trained(plan())
        let first = Trainer(LineFit(), plan: plan(), source: Points())
        try first.run { $0.step < 23 }
        try Checkpoint.write(first, in: folder, configuration: "c")
        let fit = LineFit()
        let second = Trainer(fit, plan: plan(), source: Points())
        #expect(Checkpoint.whole(in: folder) == [23])
        try Checkpoint.restore(second, step: 23, from: folder)
        try second.run()
        expectIdentical(fit.weight.value, straight.weight.value)
        expectIdentical(fit.bias.value, straight.bias.value)
        expectIdentical(fit.seen.value, straight.seen.value)
    }

    @Test func `a torn checkpoint is passed over with a word`() throws {
        let folder = try RunFolder("/tmp/latentlab-test-\(Noise(seed: 2).integer(below: 1 << 40))")
        defer { try? Folder.remove(folder.path) }
        let trainer = Trainer(LineFit(), plan: plan(), source: Points())
        for _ in 0..<2 {
            _ = try trainer.advance()
            try Checkpoint.write(trainer, in: folder, configuration: "c")
        }
        try AtomicFile.write([1, 2, 3], to: folder.checkpoints + "/step-2/optimizer.safetensors")
        var words: [String] = []
        #expect(Checkpoint.whole(in: folder) { words.append($0) } == [1])
        #expect(words.count == 1 && words[0].contains("optimizer.safetensors"))
    }

    @Test func `a non-finite loss stops before the update and names the first bad operation`() throws {
        let fit = LineFit()
        fit.poisonedStep = 3
        let trainer = Trainer(fit, plan: plan(), source: Points())
        for _ in 0..<3 { _ = try trainer.advance() }
        let before = fit.weight.value.values
        let error = #expect(throws: WorkError.self) { try trainer.advance() }
        #expect(error?.description.contains("log (value)") == true, "\(error?.description ?? "")")
        #expect(fit.weight.value.values == before)
    }

    @Test func `skipping leaves a bad step out and goes on`() throws {
        let fit = LineFit()
        fit.poisonedStep = 3
        let trainer = Trainer(
            fit,
            plan: plan {
                $0.onNonfinite = .skip; $0.steps = 6
            }, source: Points())
        var skipped: [Int] = []
        try trainer.run {
            if $0.skipped { skipped.append($0.step) }
            return true
        }
        #expect(skipped == [4] && trainer.skips == 1 && trainer.step == 6)
    }

    @Test func `the learning rate is counted in optimiser steps`() {
        let rate = LearningRate(peak: 2, shape: .cosine, warmup: 4, floor: 0.5)
        #expect((0..<4).map { rate($0, of: 24) } == [0.5, 1, 1.5, 2])
        #expect(rate(4, of: 24) == 2)
        #expect(abs(rate(14, of: 24) - 1.25) < 1e-12)
        #expect(abs(rate(24, of: 24) - 0.5) < 1e-12)
        #expect(LearningRate(peak: 2, shape: .linear)(5, of: 10) == 1)
    }

    @Test func `a frozen parameter is neither updated nor asked for a gradient`() throws {
        let fit = LineFit()
        fit.bias.isFrozen = true
        try Trainer(fit, plan: plan(), source: Points()).run()
        #expect(fit.bias.value.scalar == 0 && fit.weight.value.scalar != 0)
    }

    @Test func `a folder is one run's at a time`() throws {
        let path = "/tmp/latentlab-test-\(Noise(seed: 3).integer(below: 1 << 40))"
        defer { try? Folder.remove(path) }
        do {
            let first = try RunFolder(path)
            let error = #expect(throws: InputError.self) { try RunFolder(path, isFresh: true) }
            #expect(error?.description.contains("another process works in this folder") == true)
            #expect(Folder.exists(first.checkpoints))
        }
        try AtomicFile.write("x", to: path + "/old")
        let second = try RunFolder(path, isFresh: true)
        #expect(!Folder.exists(path + "/old") && Folder.exists(second.samples))
    }
}
