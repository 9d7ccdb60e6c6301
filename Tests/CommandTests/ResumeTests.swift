import Foundation
import LatentLab
import Testing

/// A run that was ended in any way and started again ends as one that was left alone, to the last byte.
@Suite(.serialized) struct ResumeTests {
    struct Case: CustomTestStringConvertible {
        var name: String
        var yaml: String
        var steps: Int
        /// Trained before, in whose folder.
        var needs: [String] = []
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "KL codec, accumulated from microbatches", yaml: Tiny.kl(microbatch: 3), steps: 20),
        Case(name: "VQ codec with its codebook", yaml: Tiny.vq(), steps: 20),
        Case(name: "VQGAN with two optimizers", yaml: Tiny.vqgan(), steps: 20),
        Case(name: "MelGAN, from pieces of sounds", yaml: Tiny.melgan(), steps: 12),
        Case(name: "text-to-image", yaml: Tiny.dit(), steps: 12, needs: ["kl"]),
        Case(name: "text-to-image from cached latents", yaml: Tiny.dit(cache: "latents"), steps: 12, needs: ["kl"]),
        Case(name: "VQ-Diffusion with its losses by step", yaml: Tiny.tokens("vq-diffusion"), steps: 12, needs: ["vq"]),
        Case(name: "MaskGIT from cached tokens", yaml: Tiny.tokens("maskgit", cache: "latents"), steps: 12, needs: ["vq"]),
        Case(
            name: "MaskGIT by Muon",
            yaml: Tiny.tokens("maskgit").replacingOccurrences(of: "optimizer: {", with: "optimizer: {kind: muon, "), steps: 12,
            needs: ["vq"]),
        Case(name: "SDDM", yaml: Tiny.tokens("sddm"), steps: 12, needs: ["vq"]),
        Case(name: "a critic on its generator", yaml: Tiny.tokens("token-critic"), steps: 12, needs: ["maskgit"]),
    ]

    private func prepared(_ test: Case) throws -> Workplace {
        let place = Workplace()
        for run in test.needs {
            let trained = try (run == "kl" ? Tiny.shared : Tiny.sharedTokens).get()
            try FileManager.default.createDirectory(atPath: "\(place.path)/\(run)", withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: "\(trained.path)/\(run)/model", toPath: "\(place.path)/\(run)/model")
        }
        try place.write(test.yaml, to: "x.yaml")
        try Program.succeed(["train", "x.yaml", "--run-dir", "whole", "--quiet"], in: place.path)
        return place
    }

    private func expectSame(_ place: Workplace, _ run: String, _ steps: Int, _ note: String) throws {
        for folder in ["checkpoints/step-\(steps)", "model"] {
            let (a, b) = (try place.files("whole/\(folder)"), try place.files("\(run)/\(folder)"))
            #expect(a.keys.sorted() == b.keys.sorted(), "\(note): \(folder)")
            #expect(a.count >= 2, "\(note): \(folder)")
            for (name, bytes) in a { #expect(b[name] == bytes, "\(note): \(folder)/\(name) differs") }
        }
        #expect(try place.leftovers(in: run) == [], "\(note)")
    }

    @Test(arguments: cases)
    func `a killed run ends as the uninterrupted one`(_ test: Case) throws {
        let place = try prepared(test)
        for round in 0..<2 {
            let chance = Noise(seed: 41)(test.name)(round)
            let run = "killed-\(round)"
            let arguments = ["train", "x.yaml", "--run-dir", run, "--quiet"]
            // Twice in the life of a run; the second time often in a later epoch.
            var kills = 0
            for (i, step) in [3, 9].enumerated() {
                let running = try Program.start(arguments, in: place.path)
                running.signal(
                    SIGKILL, once: "\(place.path)/\(run)/checkpoints/step-\(step)", after: chance(i).integer(below: 20_000))
                let result = try running.finish()
                if result.wasKilled { kills += 1 } else { #expect(result.code == 0, "\(result.errors)") }
            }
            #expect(kills > 0, "the runs were over before they could be killed")
            try Program.succeed(arguments, in: place.path)
            try expectSame(place, run, test.steps, "\(test.name), round \(round)")
        }
    }

    @Test func `each phase of a run has its own optimiser and begins at its step`() throws {
        let place = Workplace()
        try place.write(Tiny.vqgan(steps: 10) + "\n  log_every: 1\n", to: "x.yaml")
        try Program.succeed(["train", "x.yaml", "--run-dir", "run", "--quiet"], in: place.path)
        let lines = try RunLog.lines(of: place.path + "/run/log.jsonl")
        func curve(_ name: String) -> [Int: Double] {
            Dictionary(uniqueKeysWithValues: RunLog.curve(name, in: lines).map { ($0.step, $0.value) })
        }
        #expect(curve("rate/codec") == Dictionary(uniqueKeysWithValues: (1...10).map { ($0, 1e-3) }))
        #expect(curve("rate/discriminator") == Dictionary(uniqueKeysWithValues: (5...10).map { ($0, 5e-4) }))
        #expect(curve("adversarial").keys.sorted() == [10])
        let resolved = try String(contentsOfFile: place.path + "/run/resolved.yaml", encoding: .utf8)
        #expect(resolved.contains("[0.5, 0.9]") && resolved.contains("discriminator"), "\(resolved)")
    }

    @Test func `a run killed before its first checkpoint begins again`() throws {
        let place = try prepared(Self.cases[0])
        let running = try Program.start(["train", "x.yaml", "--run-dir", "early", "--quiet"], in: place.path)
        running.signal(SIGKILL, once: "\(place.path)/early/env.json", after: 2_000)
        #expect(try running.finish().wasKilled)
        try Program.succeed(["train", "x.yaml", "--run-dir", "early", "--quiet"], in: place.path)
        try expectSame(place, "early", 20, "killed early")
    }

    /// What a crash can leave of the newest checkpoint, file by file.
    @Test func `a torn newest checkpoint is passed over with a word`() throws {
        let place = try prepared(Self.cases[1])
        func train(_ run: String, _ more: [String] = []) throws -> Program.Result {
            try Program.run(["train", "x.yaml", "--run-dir", run, "--quiet"] + more, in: place.path)
        }
        let stopped = try train("stopped", ["--max-steps", "12"])
        #expect(stopped.code == 130, "\(stopped.errors)")
        for file in ["model.safetensors", "optimizer.safetensors", "ema.safetensors", "state.json", "MANIFEST"] {
            let run = "torn-\(file)"
            try FileManager.default.copyItem(atPath: "\(place.path)/stopped", toPath: "\(place.path)/\(run)")
            let newest = "\(run)/checkpoints/step-12/\(file)"
            truncate("\(place.path)/\(newest)", off_t(try place.bytes(newest).count / 2))
            let resumed = try train(run)
            #expect(resumed.code == 0, "\(resumed.errors)")
            #expect(resumed.errors.contains("step-12 is passed over"), "\(resumed.errors)")
            #expect(resumed.errors.contains("at step 9"), "\(resumed.errors)")
            try expectSame(place, run, 20, "torn \(file)")
        }
    }

    @Test func `Ctrl-C leaves a checkpoint and exit code 130, and resume goes on`() throws {
        let long = 60
        let place = try prepared(Case(name: "long", yaml: Tiny.kl(steps: long, every: 10), steps: long))
        let running = try Program.start(["train", "x.yaml", "--run-dir", "stopped", "--quiet"], in: place.path)
        running.signal(SIGINT, once: "\(place.path)/stopped/checkpoints/step-10", after: 1_000)
        let result = try running.finish()
        #expect(result.code == 130 && !result.wasKilled, "\(result.code) \(result.errors)")
        let steps = try FileManager.default.contentsOfDirectory(atPath: place.path + "/stopped/checkpoints").sorted()
        let latest = try String(contentsOfFile: place.path + "/stopped/LATEST", encoding: .utf8)
        #expect(steps.contains(latest.trimmingCharacters(in: .newlines)), "\(latest) of \(steps)")
        #expect(latest != "step-\(long)\n")
        try Program.succeed(["resume", "stopped", "--quiet"], in: place.path)
        try expectSame(place, "stopped", long, "interrupted")
    }

    @Test func `another configuration in the same folder is refused, and --set on resume names the change`() throws {
        let place = try prepared(Self.cases[0])
        let before = try place.files("whole/checkpoints")
        let refused = try Program.run(
            ["train", "x.yaml", "--run-dir", "whole", "--quiet", "--set", "train.optimizer.lr=0.5"], in: place.path)
        #expect(refused.code == 2 && refused.errors.contains("another configuration"), "\(refused.errors)")
        #expect(try place.files("whole/checkpoints") == before)
        try Program.succeed(["resume", "whole", "--quiet", "--set", "train.steps=22"], in: place.path)
        #expect(FileManager.default.fileExists(atPath: place.path + "/whole/checkpoints/step-22/MANIFEST"))
    }
}
