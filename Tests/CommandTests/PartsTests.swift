import Foundation
import LatentLab
import TestKit
import Testing

/// `init`, `info`, `forward`, `encode`, `decode`, `bench list` and `doctor` from outside.
@Suite(.serialized) struct PartsTests {
    @Test func `init is reproducible by seed and makes a model that loads`() throws {
        let place = try Tiny.shared.get()
        for (seed, out) in [(4, "a"), (4, "b"), (5, "c")] {
            try Program.succeed(["init", "dit.yaml", "--seed", "\(seed)", "--out", out], in: place.path)
        }
        #expect(try place.files("a") == place.files("b"))
        #expect(try place.files("a")["model.safetensors"] != place.files("c")["model.safetensors"])
        let info = try JSON.parse(try Program.succeed(["info", "a", "--json"], in: place.path), file: "info")
        let tensors = try #require(info["tensors"]?.array)
        let count = tensors.reduce(0) { $0 + ($1["shape"]?.array ?? []).reduce(1) { $0 * ($1.int ?? 0) } }
        #expect(info["parameters"]?.int == count)
        #expect(tensors.allSatisfy { !($0["name"]?.string ?? "").contains("codec") }, "the frozen codec is not the model's")
    }

    @Test func `export halves the weights and keeps what the model is`() throws {
        let place = try Tiny.shared.get()
        try Program.succeed(["export", "dit/model", "--out", "small"], in: place.path)
        let (before, after) = try (
            SafetensorsFile(place.path + "/dit/model/model.safetensors"), SafetensorsFile(place.path + "/small/model.safetensors")
        )
        #expect(after.entries.map(\.name) == before.entries.map(\.name))
        #expect(after.entries.allSatisfy { $0.type == .bf16 })
        for entry in before.entries {
            #expect(
                try after.tensor(entry.name).cast(to: .f32).values
                    == before.tensor(entry.name).cast(to: .bf16).cast(to: .f32).values)
        }
        let (large, small) = try (place.files("dit/model"), place.files("small"))
        for (name, bytes) in large where name != "model.safetensors" { #expect(small[name] == bytes, "\(name)") }
        // Back to f32 and again to bf16 loses nothing more.
        try Program.succeed(["export", "small", "--dtype", "f32", "--out", "wide"], in: place.path)
        try Program.succeed(["export", "wide", "--dtype", "bf16", "--out", "again"], in: place.path)
        #expect(try place.files("again") == small)
        try Program.succeed(["sample", "small", "--prompt", "a red ring", "--out", "small.png", "--quiet"], in: place.path)
    }

    @Test func `a run warns of captions that are cut, and only of those`() throws {
        let place = try Tiny.shared.get()
        func errors(_ length: Int) throws -> String {
            let change = ["--set", "condition.length=\(length)", "--set", "train.steps=1", "--run-dir", "cut-\(length)"]
            return try Program.run(["train", "dit.yaml", "--quiet"] + change, in: place.path).errors
        }
        #expect(try errors(5).contains("captions are longer than the 5 tokens that are read"))
        #expect(try !errors(60).contains("warning"))

        // What is made is not what is told.
        try place.write((0..<40).map { "a line that is long, number \($0)" }.joined(separator: "\n"), to: "long.txt")
        let told = """
            version: 1
            name: untold
            system: seqdiffuseq
            condition: {kind: text, length: 3, width: 16, depth: 1, heads: 2}
            model: {vocabulary: 300, length: 32, width: 8, dim: 16, depth: 1, heads: 2}
            data: {train: {kind: lines, path: long.txt}}
            train: {steps: 1, batch: 4, prepare: 0, checkpoint: {every: 1}, preview: {every: 0}}
            """
        try place.write(told, to: "untold.yaml")
        let result = try Program.run(["train", "untold.yaml", "--quiet", "--run-dir", "untold"], in: place.path)
        #expect(result.code == 0 && !result.errors.contains("warning"), "\(result.errors)")
    }

    @Test func `a run that stores bf16 ends with the exported model`() throws {
        let place = try Tiny.shared.get()
        let run = ["train", "kl.yaml", "--quiet", "--set", "train.steps=2"]
        try Program.succeed(run + ["--run-dir", "full"], in: place.path)
        try Program.succeed(run + ["--run-dir", "half", "--set", "train.store=bf16"], in: place.path)
        try Program.succeed(["export", "full/model", "--out", "exported"], in: place.path)
        #expect(try place.files("half/model") == place.files("exported"))
    }

    @Test func `forward equals the modules, in the file's layout`() throws {
        let place = try Tiny.shared.get()
        let system = try #require(try ModelDirectory.load(place.path + "/dit/model").system as? DiTSystem)
        let x = Noise(seed: 1).normal([2, 4, 8, 8])
        let context = Noise(seed: 2).normal([2, 5, 16])
        let mask = Tensor([1, 1, 1, 0, 0, 1, 1, 1, 1, 1], [2, 5])
        var writer = SafetensorsWriter()
        writer.add("x", x)
        writer.add("t", Tensor([3, 900], [2]))
        writer.add("context", context)
        writer.add("context_mask", mask)
        try writer.write(to: place.path + "/in.safetensors")
        let out = try forward(place, "denoiser")
        let expected = withoutGradients {
            system.denoise(
                DenoiserQuestion(state: x.permuted([0, 2, 3, 1]), times: [3, 900], context: context, contextMask: mask))
        }.permuted([0, 3, 1, 2])
        #expect(out["out"]?.shape == [2, 4, 8, 8])
        #expect(out["out"]?.values == expected.values)
        // What the second sample hears behind its mask is what it hears.
        let alone = withoutGradients {
            system.denoise(
                DenoiserQuestion(
                    state: x.permuted([0, 2, 3, 1]).slice(0, 0..<1), times: [3], context: context.slice(0, 0..<1).slice(1, 0..<3))
            )
        }.permuted([0, 3, 1, 2])
        expectClose(alone, expected.slice(0, 0..<1), relative: 1e-5)
    }

    @Test func `forward of the codec's halves and of the text encoder`() throws {
        let place = try Tiny.shared.get()
        let loaded = try ModelDirectory.load(place.path + "/dit/model").system
        let codec = try #require(loaded as? any LatentSystem).frozenCodec
        let pictures = Noise(seed: 3).uniform([2, 3, 32, 32]) * 2 - 1
        try write(place) { $0.add("x", pictures) }
        guard case .moments(let mean, let logVariance) = withoutGradients({ codec.encode(pictures.permuted([0, 2, 3, 1])) })
        else {
            Issue.record("the codec gives tokens")
            return
        }
        let encoded = try #require(try forward(place, "encoder")["out"])
        #expect(encoded.shape == [2, 8, 8, 8])
        #expect(encoded.values == concatenated([mean, logVariance], axis: 3).permuted([0, 3, 1, 2]).values)

        try write(place) { $0.add("x", mean.permuted([0, 3, 1, 2])) }
        let decoded = try #require(try forward(place, "decoder")["out"])
        #expect(decoded.values == withoutGradients { codec.decode(mean) }.permuted([0, 3, 1, 2]).values)

        let tokens = Tokens((0..<32).map { Int32($0 % 11 + 4) }, [2, 16])
        try write(place) { $0.add("x", tokens) }
        let reader = try #require((loaded as? any ReadingSystem)?.textReader)
        let read = withoutGradients { reader.read(CaptionTokens(tokens)) }
        let text = try forward(place, "text")
        #expect(text["out"]?.values == read.states.values)
        #expect(text["pooled"]?.values == read.pooled.values)
    }

    private func write(_ place: Workplace, _ fill: (inout SafetensorsWriter) -> Void) throws {
        var writer = SafetensorsWriter()
        fill(&writer)
        try writer.write(to: place.path + "/in.safetensors")
    }

    private func forward(_ place: Workplace, _ part: String) throws -> [String: Tensor] {
        try Program.succeed(
            ["forward", "dit/model", "--part", part, "--input", "in.safetensors", "--out", "out.safetensors"], in: place.path)
        let file = try SafetensorsFile(place.path + "/out.safetensors")
        return Dictionary(uniqueKeysWithValues: try file.entries.map { ($0.name, try file.tensor($0)) })
    }

    @Test func `encoding and decoding again gives the codec's own reconstructions`() throws {
        let place = try Tiny.shared.get()
        try Program.succeed(
            ["encode", "kl/model", "--data", "shapes", "--count", "3", "--out", "l.safetensors", "--quiet"], in: place.path)
        try Program.succeed(["decode", "kl/model", "--input", "l.safetensors", "--out", "decoded", "--quiet"], in: place.path)
        #expect(try place.files("decoded").keys.sorted() == ["0.png", "1.png", "2.png"])
        let codec = try #require(try ModelDirectory.load(place.path + "/kl/model").system as? any CodecSystem).codec
        let dataset = try DataSection.named("shapes", split: "train")
        let originals = Tensor(try (0..<3).compactMap { try dataset.example($0, epoch: 0).picture })
        let expected = withoutGradients { codec.decode(codec.encode(originals)) }.pictures
        for i in 0..<3 {
            #expect(try Picture.read("\(place.path)/decoded/\(i).png").pixels == expected[i].pixels)
        }
    }

    @Test func `the benchmark's workloads and one timing`() throws {
        let place = Workplace()
        let list = try Program.succeed(["bench", "list"], in: place.path)
        for name in ["dit-s2-train", "dit-s2-forward", "dit-s2-sample", "kl-train", "kl-decode"] { #expect(list.contains(name)) }
        let text = try Program.succeed(
            ["bench", "dit-b2-forward-1", "--no-peer", "--runs", "1", "--json", "--quiet"], in: place.path)
        let record = try JSON.parse(text, file: "bench")
        let keys = [
            "name", "precision", "threads", "runs", "median_ms", "min_ms", "peak_mb", "flops", "bytes", "ceiling_gflops",
            "copy_gbs",
        ]
        for key in keys { #expect(record[key] != nil, "\(key)") }
        #expect(record["runs"]?.int == 1)
    }

    @Test func `a profile names the operations, and their flops are the workload's`() throws {
        let place = Workplace()
        let text = try Program.succeed(
            ["bench", "dit-b2-forward-1", "--profile", "--runs", "2", "--json", "--quiet"], in: place.path)
        let record = try JSON.parse(text, file: "bench")
        guard case .array(let rows)? = record["profile"] else {
            Issue.record("no profile: \(text)")
            return
        }
        func sum(_ field: String, of operations: [String]) -> Double {
            rows.filter { operations.contains($0["operation"]?.string ?? "") }.reduce(0) { $0 + ($1[field]?.number ?? 0) }
        }
        #expect(sum("calls", of: ["attention"]) == 12)
        let flops = try #require(record["flops"]?.number)
        #expect(abs(sum("flops", of: ["product", "attention"]) - flops) < 0.02 * flops)
        #expect(sum("ms", of: ["product", "attention"]) > 0)
    }

    @Test func `the doctor finds this machine well, and a damaged model not`() throws {
        let place = try Tiny.trained()
        let well = try Program.run(["doctor", "--json"], in: place.path, environment: ["LATENTLAB_ASSETS": place.path])
        #expect(well.code == 0, "\(well.output)")
        let assets = place.path + "/assets"
        try FileManager.default.createDirectory(atPath: assets + "/models", withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: place.path + "/dit/model", toPath: assets + "/models/tiny")
        var weights = try place.bytes("assets/models/tiny/codec/model.safetensors")
        weights[weights.count - 3] ^= 1
        try weights.write(to: URL(fileURLWithPath: assets + "/models/tiny/codec/model.safetensors"))
        let ill = try Program.run(["doctor"], in: place.path, environment: ["LATENTLAB_ASSETS": assets])
        #expect(ill.code == 1 && ill.output.contains("fingerprint"), "\(ill.output)")
        // Networks that only look are looked at as well.
        try FileManager.default.removeItem(atPath: assets + "/models/tiny")
        try FileManager.default.createDirectory(atPath: assets + "/networks", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: place.path + "/kl/model", toPath: assets + "/networks/tiny-kl")
        let known = try Program.run(["doctor"], in: place.path, environment: ["LATENTLAB_ASSETS": assets])
        #expect(known.code == 0 && known.output.contains("tiny-kl"), "\(known.output)")
        let named = try Program.run(["info", "tiny-kl"], in: place.path, environment: ["LATENTLAB_ASSETS": assets])
        #expect(named.code == 0 && named.output.contains("kl-autoencoder"), "\(named.errors)")
        try FileManager.default.removeItem(atPath: assets + "/networks/tiny-kl/model.safetensors")
        let torn = try Program.run(["doctor"], in: place.path, environment: ["LATENTLAB_ASSETS": assets])
        #expect(torn.code == 1 && torn.output.contains("tiny-kl"), "\(torn.output)")
    }
}
