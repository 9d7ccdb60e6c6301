import Foundation
import LatentLab
import Testing

/// Bit Diffusion from outside: captions of pictures, and pictures of whole numbers.
@Suite(.serialized) struct BitModelTests {
    private static func recipe(_ codec: String, _ condition: String, _ data: String, sample: String) -> String {
        """
        version: 1
        name: tiny-bits
        system: bit-diffusion
        seed: 3
        codec: {kind: bits, \(codec)}
        condition: \(condition)
        model: {dim: 32, depth: 1, heads: 2\(codec.contains("pictures") ? ", patch: 8" : "")}
        data: {train: \(data)}
        sample: \(sample)
        train: {steps: 4, batch: 4, prepare: 0, checkpoint: {every: 2}, preview: {every: 0}}
        """
    }

    private static let shared = Result {
        let place = Workplace()
        try place.write(
            recipe(
                "of: sentences, vocabulary: 300, length: 16, code: random",
                "{kind: picture, side: 64, patch: 32, width: 32, depth: 1, heads: 2}", "{kind: emoji, captioning: true}",
                sample: "{steps: 4, overstep: 1, cfg_scale: 2}"), to: "captions.yaml")
        try place.write(
            recipe(
                "of: pictures, code: gray", "{kind: text, vocabulary: 300, length: 16, width: 16, depth: 1, heads: 2}",
                "{kind: shapes, count: 40}", sample: "{steps: 3, sampler: ddpm, variance: large}"), to: "pictures.yaml")
        try place.write(
            recipe(
                "of: sentences, vocabulary: 300, length: 16",
                "{kind: text, vocabulary: 320, length: 16, width: 16, depth: 1, heads: 2}", "{kind: task, task: copy, count: 90}",
                sample: "{steps: 3}"), to: "tasks.yaml")
        for name in ["captions", "pictures", "tasks"] {
            try Program.succeed(["train", "\(name).yaml", "--run-dir", name, "--quiet"], in: place.path)
        }
        let emoji = Assets.folder + "/datasets/emoji"
        for (index, file) in try Emoji(emoji, split: .train).entries.prefix(2).map(\.fileName).enumerated() {
            try FileManager.default.copyItem(atPath: emoji + "/" + file, toPath: place.path + "/\(index).png")
        }
        return place
    }

    @Test(arguments: ["captions", "pictures", "tasks"]) func `a run resumes bit for bit`(name: String) throws {
        let place = try Self.shared.get()
        let all = ["train", "\(name).yaml", "--run-dir", "again-\(name)", "--quiet"]
        try Program.run(all + ["--max-steps", "2"], in: place.path)
        try Program.succeed(all, in: place.path)
        #expect(
            try place.bytes("again-\(name)/model/model.safetensors") == place.bytes("\(name)/model/model.safetensors"))
    }

    @Test func `pictures are named, the same in any batch and on any threads`() throws {
        let place = try Self.shared.get()
        func lines(_ more: [String]) throws -> String {
            let out = "out-\(UUID().uuidString).jsonl"
            try Program.succeed(
                ["sample", "captions/model", "--picture", "0.png", "--picture", "1.png", "--count", "2", "--out", out, "--quiet"]
                    + more, in: place.path)
            return String(decoding: try place.bytes(out), as: UTF8.self)
        }
        let first = try lines(["--batch", "4", "--threads", "2"])
        let rows = try first.split(separator: "\n").map { try JSON.parse(String($0), file: "row") }
        #expect(rows.map { $0["prompt"]?.string } == ["0.png", "0.png", "1.png", "1.png"])
        #expect(rows.allSatisfy { $0["text"]?.string != nil })
        #expect(try lines(["--batch", "1", "--threads", "1"]) == first)
        #expect(try lines(["--seed", "9"]) != first)
    }

    @Test func `pictures may be seen through a network that has learned to look`() throws {
        let place = Workplace()
        let network = Assets.folder + "/networks/emoji-features"
        let condition = "{kind: picture, side: 64, width: 16, depth: 1, heads: 2, features: {}}"
        try place.write(
            Self.recipe(
                "of: sentences, vocabulary: 300, length: 16", condition, "{kind: emoji, captioning: true}", sample: "{steps: 2}"
            )
            .replacingOccurrences(of: "train: {steps: 4,", with: "train: {steps: 1, freeze: [viewer.features],")
                + """

                init:
                  from: \(network)
                  skip: [output, denoiser, codec, viewer.patches, viewer.positions, viewer.blocks, viewer.norm]
                  rename: {input: viewer.features.input, levels: viewer.features.levels, norm: viewer.features.norm}
                """, to: "seen.yaml")
        let train = ["train", "seen.yaml", "--run-dir", "seen", "--quiet"]
        try Program.succeed(train, in: place.path)
        let (ours, theirs) = (
            try SafetensorsFile(place.path + "/seen/model/model.safetensors"),
            try SafetensorsFile(network + "/model.safetensors")
        )
        for name in ["input.weight", "levels.3.downsample.conv.weight", "norm.weight"] {
            #expect(try ours.tensor("viewer.features." + name).values == theirs.tensor(name).values, "\(name)")
        }
        let emoji = Assets.folder + "/datasets/emoji/"
        let picture = emoji + (try Emoji(emoji, split: .train).entries[0].fileName)
        try Program.succeed(["sample", "seen/model", "--picture", picture, "--out", "x.txt", "--quiet"], in: place.path)
        let deep = condition.replacingOccurrences(of: "features: {}", with: "features: {multipliers: [1, 1, 1, 1, 1, 1, 1, 1]}")
        try place.write(
            Self.recipe(
                "of: sentences, vocabulary: 300, length: 16", deep, "{kind: emoji, captioning: true}", sample: "{steps: 2}"),
            to: "deep.yaml")
        let refused = try Program.run(["train", "deep.yaml", "--run-dir", "deep", "--quiet"], in: place.path)
        #expect(refused.code == 2 && refused.errors.contains("condition.features.multipliers"), "\(refused.errors)")
    }

    @Test func `what is said of held-out pictures is scored`() throws {
        let place = try Self.shared.get()
        let text = try Program.succeed(
            ["eval", "captions/model", "--metrics", "answers", "--data", "emoji", "--count", "3", "--quiet"], in: place.path)
        for word in ["of 3 held-out texts exactly right", "bleu: ", "cider-d: "] { #expect(text.contains(word), "\(text)") }
    }

    @Test func `pictures of bits are drawn, and start from one`() throws {
        let place = try Self.shared.get()
        let sample = ["sample", "pictures/model", "--prompt", "a red circle", "--quiet", "--out"]
        try Program.succeed(sample + ["one.png"], in: place.path)
        let picture = try Picture.read(place.path + "/one.png")
        #expect(picture.width == 32 && picture.height == 32)
        try Program.succeed(sample + ["two.png", "--init", "one.png", "--strength", "0.01"], in: place.path)
        #expect(try Picture.read(place.path + "/two.png").pixels == picture.pixels, "no step is left to take")
    }

    @Test func `a model directory is whole: it says the same in another place`() throws {
        let place = try Self.shared.get()
        let said = ["--source", "cat dog", "--quiet", "--out"]
        try Program.succeed(["sample", "tasks/model"] + said + ["here.txt"], in: place.path)
        try FileManager.default.moveItem(atPath: place.path + "/tasks/model", toPath: place.path + "/moved")
        try Program.succeed(["sample", "moved"] + said + ["there.txt"], in: place.path)
        #expect(try place.bytes("here.txt") == place.bytes("there.txt"))
        let words = place.path + "/moved/codec/text/tokenizer.json"
        #expect(
            FileManager.default.fileExists(atPath: words) && FileManager.default.fileExists(atPath: place.path + "/moved/text"))
        try Data("{".utf8).write(to: URL(fileURLWithPath: words))
        let broken = try Program.run(["sample", "moved"] + said + ["x.txt"], in: place.path)
        #expect(broken.code == 2 && broken.errors.contains("tokenizer.json"), "\(broken.errors)")
    }

    @Test func `what cannot be is refused`() throws {
        let place = try Self.shared.get()
        for (name, from, to) in [
            ("codec", "kind: bits", "kind: gray_code"), ("side", "side: 64", "side: 65"), ("small", "side: 64", "side: 32"),
            ("code", "code: random", "code: grey"),
            ("captioning", "captioning: true", "captioning: false"), ("overstep", "overstep: 1", "overstep: -1"),
        ] {
            let text = String(decoding: try place.bytes("captions.yaml"), as: UTF8.self)
            try place.write(text.replacingOccurrences(of: from, with: to), to: "\(name).yaml")
        }
        let train = { (name: String) in ["train", "\(name).yaml", "--run-dir", "r", "--quiet"] }
        let one = ["--quiet", "--out", "x.jsonl"]
        for (arguments, words) in [
            (train("codec"), "gives tokens"), (train("side"), "does not divide the side"),
            (train("small"), "change condition.side"), (train("code"), "did you mean 'gray'?"),
            (train("captioning"), "has no sentence, which this system needs"), (train("overstep"), "sample.overstep"),
            (["sample", "captions/model"] + one, "this model needs a picture"),
            (["sample", "captions/model", "--prompt", "x"] + one, "does not listen to sentences"),
            (["sample", "captions/model", "--picture", "none.png"] + one, "none.png"),
            (["sample", "captions/model", "--picture", "0.png", "--init", "1.png"] + one, "--init: is a picture"),
            (["sample", "shapes-dit", "--picture", "0.png", "--quiet", "--out", "x.png"], "is not told pictures"),
            (
                ["eval", "captions/model", "--metrics", "answers", "--data", "copy", "--count", "2", "--quiet"],
                "has no pictures that something is said of"
            ),
        ] {
            let result = try Program.run(arguments, in: place.path)
            #expect(result.code == 2 && result.errors.contains(words), "\(arguments): \(result.errors)")
        }
    }
}
