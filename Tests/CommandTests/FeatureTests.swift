import Foundation
import LatentLab
import Testing

/// Feature networks from outside: one is trained, says how often it is right, and sets of pictures are compared through it.
@Suite(.serialized) struct FeatureTests {
    private static let recipe = """
        version: 1
        name: tiny-features
        system: feature-classifier
        seed: 3
        model: {channels: 4, multipliers: [1, 2, 4], groups: 2}
        data: {train: {kind: shapes, count: 200}}
        train:
          steps: 30
          batch: 16
          optimizer: {lr: 1.0e-2}
          ema: {decay: 0.9}
          prepare: 0
          checkpoint: {every: 15, keep: 1}
        """

    /// The shared folder with `features/model` in it.
    private static let place = Result {
        let place = try Tiny.trained()
        try place.write(recipe, to: "features.yaml")
        try Program.succeed(["train", "features.yaml", "--run-dir", "features", "--quiet"], in: place.path)
        return place
    }

    private let names = ["frechet", "mmd", "precision", "recall", "density", "coverage"].map { "feature-" + $0 }

    private func numbers(_ arguments: [String], in place: Workplace) throws -> [String: Double] {
        let out = try Program.succeed(["eval"] + arguments + ["--quiet", "--json"], in: place.path)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(out.utf8)) as? [String: Double])
        return json
    }

    @Test func `a classifier is trained, resumed bit for bit, and says how often it is right`() throws {
        let place = try Self.place.get()
        let log = String(decoding: try place.bytes("features/log.jsonl"), as: UTF8.self)
        #expect(log.contains("\"accuracy\"") && log.contains("\"entropy\""))
        let found = try numbers(["features/model", "--metrics", "accuracy", "--data", "shapes", "--count", "40"], in: place)
        let model = try #require(try ModelDirectory.load(place.path + "/features/model").system as? any ClassifyingSystem)
        let shapes = Shapes(count: 40, split: .heldOut)
        let examples = (0..<40).map { shapes.example($0) }
        let said = withoutGradients { model.logits(of: Tensor(examples.compactMap(\.picture))).argmax(1) }
        let right = zip(said.values, examples).count { Int($0) == $1.label }
        #expect(found == ["accuracy": Double(right) / 40])

        let all = ["train", "features.yaml", "--run-dir", "again", "--quiet"]
        try Program.run(all + ["--max-steps", "7"], in: place.path)
        try Program.succeed(all, in: place.path)
        #expect(try place.bytes("again/model/model.safetensors") == place.bytes("features/model/model.safetensors"))
    }

    @Test func `samples are compared with pictures by name, count and network, whatever the batch`() throws {
        let place = try Self.place.get()
        let arguments = ["dit/model", "--metrics", "features", "--features", "features/model", "--count", "20", "--steps", "2"]
        let text = try Program.succeed(["eval"] + arguments + ["--quiet"], in: place.path)
        let fingerprint = try ModelDirectory.load(place.path + "/features/model").fingerprint.prefix(12)
        let lines = text.split(separator: "\n")
        #expect(lines.map { String($0.prefix { $0 != ":" }) } == names)
        for line in lines {
            #expect(line.contains(" (of as many other pictures ") && !line.contains("warning"), "\(line)")
            #expect(line.hasSuffix("over 20 samples and 20 held-out pictures, seen by model \(fingerprint)"), "\(line)")
        }
        let found = try numbers(arguments, in: place)
        #expect(try numbers(arguments + ["--batch", "3"], in: place) == found)
        #expect(try numbers(arguments + ["--seed", "9"], in: place) != found)
        #expect(found["feature-frechet"]! > 0 && names.allSatisfy { found[$0]?.isFinite == true })
        for name in ["precision", "recall", "coverage"] { #expect((0...1).contains(found["feature-" + name]!)) }
    }

    /// The numbers are those of the samples that `sample` draws: the captions of other pictures, each with a seed of its own.
    @Test func `what is compared are the captions' samples and their pictures`() throws {
        let place = try Self.place.get()
        let view = try #require(try ModelDirectory.load(place.path + "/features/model").system as? any FeatureSystem)
        let system = try #require(try ModelDirectory.load(place.path + "/dit/model").system as? any GenerativeSystem)
        let shapes = try DataSection.named("shapes", split: "train")
        var generator = KeyedGenerator(4, 19)
        let examples = try generator.permutation(shapes.count).prefix(24).map { try shapes.example($0, epoch: 0) }
        var samples: [Picture] = []
        for (i, example) in examples[12...].enumerated() {
            var request = SampleRequest()
            request.prompts = [example.caption!]
            request.seeds = [UInt64(4 + i)]
            try system.sample(request) { samples.append($0.picture!) }
        }
        let (real, fake) = withoutGradients {
            (
                view.extractor.vectors(of: Tensor(examples[..<12].compactMap(\.picture))),
                view.extractor.vectors(of: Tensor(samples))
            )
        }
        let scores = NeighbourScores(real: real, samples: fake)
        let found = try numbers(
            [
                "dit/model", "--metrics", "features", "--features", "features/model", "--count", "12", "--seed", "4", "--split",
                "train",
            ], in: place)
        #expect(found["feature-density"] == scores.density && found["feature-coverage"] == scores.coverage)
        #expect(abs(found["feature-mmd"]! - kernelDistance(real, fake)) < 1e-9)
    }

    @Test func `fewer pictures than samples are told`() throws {
        let place = Workplace()
        let codec =
            "size: [64, 64], channels: 2, multipliers: [1, 1, 1, 1], latent_channels: 2, groups: 2, middle_attention: false"
        let lines = Tiny.kl(steps: 1).split(separator: "\n").map { $0.hasPrefix("codec:") ? "codec: {\(codec)}" : String($0) }
        try place.write(lines.joined(separator: "\n"), to: "kl.yaml")
        try place.write(Tiny.dit().replacingOccurrences(of: "kind: shapes, count: 50", with: "kind: emoji"), to: "dit.yaml")
        let features = Self.recipe.replacingOccurrences(of: "kind: shapes, count: 200", with: "kind: emoji")
        try place.write(features, to: "features.yaml")
        for name in ["kl", "dit", "features"] {
            try Program.succeed(["init", "\(name).yaml", "--out", name == "kl" ? "kl/model" : name], in: place.path)
        }
        let text = try Program.succeed(
            [
                "eval", "dit", "--metrics", "features", "--features", "features", "--data", "emoji", "--count", "187", "--steps",
                "1",
                "--quiet",
            ], in: place.path)
        for line in text.split(separator: "\n") {
            #expect(line.contains("187 samples and 185 held-out pictures"), "\(line)")
            #expect(line.contains("warning: the counts differ") && !line.contains("other pictures"), "\(line)")
        }
        let classes = try ModelDirectory.load(place.path + "/features").configuration["model"]?["classes"]
        #expect(classes?.content == .int(99))
    }

    @Test func `an ablation can be judged by a feature distance, where less is better`() throws {
        let place = try Self.place.get()
        let text = """
            version: 1
            name: looks
            base: dit.yaml
            cases: {one: {train.steps: 1, eval.steps: 1}, two: {train.steps: 1, eval.steps: 2}}
            metric: {name: features, result: feature-recall, count: 8, features: features/model}
            """
        try place.write(text, to: "looks.yaml")
        let file = try AblationFile(path: place.path + "/looks.yaml")
        #expect(file.metric.isHigherBetter)
        for (other, isHigherBetter) in [
            ("name: features", false), ("name: features, result: feature-mmd", false), ("name: alignment", true),
            ("name: loss", false),
            ("name: reconstruction", true), ("name: reconstruction, result: feature-frechet", false),
        ] {
            try place.write(
                text.replacingOccurrences(of: "name: features, result: feature-recall", with: other), to: "other.yaml")
            #expect(try AblationFile(path: place.path + "/other.yaml").metric.isHigherBetter == isHigherBetter, "\(other)")
        }
        let out = try Program.succeed(
            ["ablate", "looks.yaml", "--quiet", "--json", "--run-dir", "looks", "--out", "looks/found"], in: place.path)
        let found = try #require(try JSONSerialization.jsonObject(with: Data(out.utf8)) as? [String: Any])
        #expect(found["metric"] as? String == "feature-recall" && (found["cases"] as? [Any])?.count == 2)
    }

    @Test func `a codec's reconstructions are seen through the network as well`() throws {
        let place = try Self.place.get()
        let found = try numbers(
            ["kl/model", "--metrics", "reconstruction", "--data", "shapes", "--count", "20", "--features", "features/model"],
            in: place)
        let view = try #require(try ModelDirectory.load(place.path + "/features/model").system as? any FeatureSystem)
        let codec = try #require(try ModelDirectory.load(place.path + "/kl/model").system as? any CodecSystem).codec
        let shapes = Shapes(count: 20, split: .heldOut)
        let x = Tensor((0..<20).compactMap { shapes.example($0).picture })
        let features = withoutGradients { [x, codec.decode(codec.encode(x)).clamped(-1, 1)].map(view.extractor.vectors) }
        var (a, b) = (FeatureStatistics(width: 16), FeatureStatistics(width: 16))
        a.add(features[0])
        b.add(features[1])
        #expect(abs(found["feature-frechet"]! - frechetDistance(a, b)) < 1e-5)
    }

    @Test(arguments: [
        ("features/model features", ["does not generate"]), ("dit/model accuracy", ["into classes"]),
        ("features/model reconstruction", ["no codec"]),
        ("dit/model features --features kl/model", ["kl/model", "is no feature network", "kl-autoencoder"]),
        ("dit/model features --features nowhere", ["nowhere", "no such model"]),
        ("dit/model features --features features/model --count 5", ["--count", "more than 5"]),
        ("dit/model features --features features/model --data emoji", ["--data emoji", "32x32", "64x64"]),
        ("dit/model features --features features/model --data ring", ["--count", "0"]),
        ("kl/model reconstruction --data emoji", ["--data emoji", "32x32", "64x64"]),
        ("features/model accuracy --data emoji", ["--data emoji", "5", "99"]),
    ])
    func `what cannot be compared is refused in one line`(command: String, words: [String]) throws {
        var arguments = command.split(separator: " ").map(String.init)
        arguments.insert("--metrics", at: 1)
        let result = try Program.run(["eval"] + arguments + ["--quiet"], in: try Self.place.get().path)
        let line = result.errors.trimmingCharacters(in: .newlines)
        #expect(result.code == 2 && !result.wasKilled && !line.contains("\n"), "\(result.code): \(line)")
        for word in words { #expect(line.contains(word), "'\(word)' is not in: \(line)") }
    }

    @Test(arguments: [
        ("groups: 2}", "groups: 2, classes: 4}", "data.train"),
        ("kind: shapes, count: 200", "kind: mixture, shape: ring", "pictures"),
        ("[1, 2, 4]", "[1, 1, 1, 1, 1, 1, 1]", "64x64"), ("channels: 4", "chanels: 4", "'channels'"),
        ("keep: 1}", "keep: 1}\naugment: {crop: [2, 1]}", "augment.crop"),
    ])
    func `a recipe that cannot be trained is refused`(from: String, to: String, word: String) throws {
        let place = Workplace()
        try place.write(Self.recipe.replacingOccurrences(of: from, with: to), to: "x.yaml")
        let result = try Program.run(["train", "x.yaml", "--run-dir", "run", "--quiet"], in: place.path)
        #expect(result.code == 2 && result.errors.contains(word), "\(result.code): \(result.errors)")
    }
}
