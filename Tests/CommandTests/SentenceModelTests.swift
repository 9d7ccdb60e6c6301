import Foundation
import LatentLab
import Testing

/// Models of sentences from outside: a codec, diffusion in its latents with and without something to be made from, and what they say.
@Suite(.serialized) struct SentenceModelTests {
    private static func codec(_ latents: String, _ data: String) -> String {
        """
        version: 1
        name: tiny-sentences
        system: sentence-codec
        seed: 3
        codec: {vocabulary: 300, length: 16, width: 32, heads: 2, encoder_depth: 1, decoder_depth: 1, \(latents)}
        data: {train: \(data)}
        train: {steps: 6, batch: 8, optimizer: {lr: 3.0e-3}, checkpoint: {every: 3}, preview: {every: 6}, statistics: 32, prepare: 0}
        """
    }

    private static func model(_ codec: String, _ condition: String, _ data: String) -> String {
        """
        version: 1
        name: tiny-ld4lg
        system: ld4lg
        seed: 3
        codec: {from: \(codec)/model}
        condition: \(condition)
        model: {dim: 32, depth: 1, heads: 2}
        data: {train: \(data), cache: latents}
        sample: {steps: 3, cfg_scale: 2}
        train: {steps: 6, batch: 8, prepare: 64, checkpoint: {every: 3}, preview: {every: 6, seeds: [0, 1]\(condition.contains("text") ? ", prompts: [cat dog]" : "")}}
        """
    }

    private static let task = "{kind: task, task: reverse, count: 200}"

    private static let shared = Result {
        let place = Workplace()
        try place.write((0..<120).map { "line number \($0 * 7)" }.joined(separator: "\n"), to: "lines.txt")
        try place.write(codec("latents: perceiver, count: 2, latent_width: 8, perceiver_depth: 1", task), to: "perceiver.yaml")
        try place.write(codec("latents: states", "{kind: lines, path: lines.txt}"), to: "states.yaml")
        let narrow = codec("latents: states, latent_width: 8, widen_depth: 1, noise: [0, 2]", "{kind: lines, path: lines.txt}")
        try place.write(narrow.replacingOccurrences(of: "encoder_depth: 1", with: "encoder_depth: 0"), to: "narrow.yaml")
        try place.write(
            model("perceiver", "{kind: text, vocabulary: 300, length: 16, width: 16, depth: 1, heads: 2}", task), to: "pairs.yaml"
        )
        try place.write(model("states", "{kind: none}", "{kind: lines, path: lines.txt}"), to: "alone.yaml")
        for name in ["perceiver", "states", "narrow", "pairs", "alone"] {
            try Program.succeed(["train", "\(name).yaml", "--run-dir", name, "--quiet"], in: place.path)
        }
        return place
    }

    @Test func `a run shows what it says, and resumes bit for bit`() throws {
        let place = try Self.shared.get()
        for name in ["perceiver", "states", "narrow", "pairs", "alone"] {
            let shown = String(decoding: try place.bytes("\(name)/samples/step-000006.txt"), as: UTF8.self)
            #expect(shown.split(separator: "\n", omittingEmptySubsequences: false).count >= 3, "\(name): \(shown)")
            let all = ["train", "\(name).yaml", "--run-dir", "again-\(name)", "--quiet"]
            try Program.run(all + ["--max-steps", "2"], in: place.path)
            try Program.succeed(all, in: place.path)
            #expect(
                try place.bytes("again-\(name)/model/model.safetensors") == place.bytes("\(name)/model/model.safetensors"),
                "\(name)")
        }
    }

    @Test func `sentences are made from sentences, the same in any batch and on any threads`() throws {
        let place = try Self.shared.get()
        func lines(_ more: [String]) throws -> String {
            let out = "out-\(UUID().uuidString).jsonl"
            try Program.succeed(
                [
                    "sample", "pairs/model", "--prompt", "cat dog", "--prompt", "owl", "--count", "3", "--seed", "4", "--out",
                    out, "--quiet",
                ]
                    + more, in: place.path)
            return String(decoding: try place.bytes(out), as: UTF8.self)
        }
        let first = try lines(["--batch", "6", "--threads", "2"])
        let rows = try first.split(separator: "\n").map { try JSON.parse(String($0), file: "row") }
        #expect(
            rows.map { $0["prompt_index"]?.int } == [0, 0, 0, 1, 1, 1] && rows.map { $0["seed"]?.int } == [4, 5, 6, 4, 5, 6])
        #expect(rows[3]["prompt"]?.string == "owl" && rows[3]["text"]?.string != nil)
        #expect(try lines(["--batch", "1", "--threads", "1"]) == first)
    }

    @Test(arguments: [("pairs", ["--source", "cat dog"]), ("alone", ["--seed", "3"])])
    func `what becomes of sentences can be watched, and changes nothing`(model: String, more: [String]) throws {
        let place = try Self.shared.get()
        let sample = ["sample", "\(model)/model", "--count", "2", "--steps", "4"] + more
        try Program.succeed(sample + ["--out", "plain-\(model).jsonl", "--quiet"], in: place.path)
        let watched = try Program.run(sample + ["--out", "watched-\(model).jsonl", "--watch"], in: place.path)
        #expect(watched.code == 0)
        let lines = watched.errors.split(separator: "\n").filter { $0.hasPrefix("step ") }
        #expect(
            lines.map { $0.prefix(11) } == (1...4).flatMap { s in ["step \(s)/4  0", "step \(s)/4  1"] }, "\(watched.errors)")
        #expect(try place.bytes("plain-\(model).jsonl") == place.bytes("watched-\(model).jsonl"))
    }

    @Test func `a sentence to be made into another is a prompt by its own name`() throws {
        let place = try Self.shared.get()
        for (option, out) in [("--source", "by-source.jsonl"), ("--prompt", "by-prompt.jsonl")] {
            try Program.succeed(["sample", "pairs/model", option, "owl cat", "--out", out, "--quiet"], in: place.path)
        }
        #expect(try place.bytes("by-source.jsonl") == place.bytes("by-prompt.jsonl"))
    }

    @Test(arguments: [("pairs", ["--source", "cat dog"]), ("alone", ["--seed", "3"])])
    func `finished latents may carry noise when they are said, each sample its own`(model: String, more: [String]) throws {
        let place = try Self.shared.get()
        let noisy = "\(model)-noisy"
        try FileManager.default.copyItem(atPath: place.path + "/\(model)/model", toPath: place.path + "/" + noisy)
        let config = String(decoding: try place.bytes("\(noisy)/config.json"), as: UTF8.self)
        #expect(config.contains("\"noise\": 0"))
        try place.write(config.replacingOccurrences(of: "\"noise\": 0", with: "\"noise\": 3"), to: "\(noisy)/config.json")
        func said(_ folder: String, _ batch: Int) throws -> [UInt8] {
            let out = "said-\(UUID().uuidString).jsonl"
            let sample = ["sample", folder, "--count", "4", "--batch", "\(batch)", "--out", out, "--quiet"]
            try Program.succeed(sample + more, in: place.path)
            return Array(try place.bytes(out))
        }
        let all = try said(noisy, 4)
        #expect(try all == said(noisy, 1))
        // The decoder over two latents has learned too little to listen to them.
        if model == "alone" { #expect(try all != said("\(model)/model", 4)) }
    }

    @Test func `sentences of drawn lengths go into files of their own`() throws {
        let place = try Self.shared.get()
        try Program.succeed(["sample", "alone/model", "--count", "4", "--out", "files", "--quiet"], in: place.path)
        #expect(try place.files("files").keys.sorted() == ["0-0.txt", "0-1.txt", "0-2.txt", "0-3.txt"])
        try Program.succeed(["sample", "alone/model", "--out", "one.txt", "--quiet"], in: place.path)
        #expect(try place.bytes("one.txt") == place.bytes("files/0-0.txt"))
    }

    @Test func `how long sentences are is drawn as training saw them`() throws {
        let place = try Self.shared.get()
        let loaded = try ModelDirectory.load(place.path + "/alone/model")
        let lengths = try #require(loaded.system.module.parameters().isEmpty ? nil : loaded.system)
        let counts = try SafetensorsFile(place.path + "/alone/model/model.safetensors").tensor("lengths").values
        #expect(counts.reduce(0, +) == 64 && lengths is any GenerativeSystem)
        guard case .text(let form) = loaded.system.form else { return }
        let data = try TextLines(place.path + "/lines.txt", split: .train)
        let expected = Set(data.sentences.map { min(form.count($0), form.length) })
        #expect(counts.indices.allSatisfy { counts[$0] == 0 || expected.contains($0 + 1) }, "\(counts)")
    }

    @Test func `answers are compared with the right ones, sentences with real ones`() throws {
        let place = try Self.shared.get()
        let answers = try Program.succeed(
            ["eval", "pairs/model", "--metrics", "answers", "--data", "reverse", "--count", "6", "--quiet"], in: place.path)
        for word in [
            "exact: ", "of 6 held-out texts exactly right", "word-error-rate: ", "bleu: ", "nrefs:1|case:mixed", "chrf: ",
        ] {
            #expect(answers.contains(word), "\(word): \(answers)")
        }
        let varied = try Program.succeed(
            ["eval", "alone/model", "--metrics", "diversity", "--data", "lines.txt", "--count", "5", "--quiet"], in: place.path)
        for word in ["unigram-entropy", "distinct-2", "diversity", "memorised"] {
            #expect(varied.contains("\(word): ") && varied.contains("over 5 samples; of "), "\(varied)")
        }
        let result = try Program.run(
            ["eval", "pairs/model", "--metrics", "answers", "--data", "lines.txt", "--count", "5", "--quiet"], in: place.path)
        #expect(result.code == 2 && result.errors.contains("no texts to be made into others"), "\(result.errors)")
    }

    @Test func `sentences of a data set are shown as lines`() throws {
        let place = try Self.shared.get()
        let printed = try Program.succeed(["data", "show", "reverse", "--count", "3"], in: place.path)
        let pairs = printed.split(separator: "\n").map { $0.split(separator: "\t").map { $0.split(separator: " ") } }
        #expect(pairs.count == 3 && pairs.allSatisfy { $0.count == 2 && $0[0] == $0[1].reversed() }, "\(printed)")
        try Program.succeed(["data", "show", "lines.txt", "--count", "2", "--out", "two.txt"], in: place.path)
        let lines = String(decoding: try place.bytes("two.txt"), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("line number ") })
        let picture = try Program.run(["data", "show", "reverse", "--out", "x.png"], in: place.path)
        #expect(picture.code == 2 && picture.errors.contains("x.png: is no file for sentences"), "\(picture.errors)")
    }

    @Test func `a codec says how many tokens come back`() throws {
        let place = try Self.shared.get()
        let text = try Program.succeed(
            ["eval", "states/model", "--metrics", "reconstruction", "--data", "lines.txt", "--count", "5", "--quiet"],
            in: place.path)
        #expect(text.contains("tokens-right: ") && text.contains("whole: "), "\(text)")
    }

    @Test func `mistakes are one line and leave nothing behind`() throws {
        let place = try Self.shared.get()
        try place.write(Self.codec("latents: perceiver", "{kind: shapes, count: 20}"), to: "shapes.yaml")
        try place.write(
            Self.model("perceiver", "{kind: none}", Self.task).replacingOccurrences(of: "ld4lg\nseed", with: "dit\nseed"),
            to: "dit.yaml")
        try place.write(
            Self.codec("latents: perceiver, heads: 3", Self.task).replacingOccurrences(of: "heads: 2, ", with: ""),
            to: "heads.yaml")
        let sample = ["sample", "pairs/model", "--prompt", "cat", "--quiet", "--out"]
        for (arguments, words) in [
            (sample + ["x.png"], "is no file for sentences"),
            (sample + ["x.txt", "--count", "2"], "several samples into one text"),
            (sample + ["x.jsonl", "--size", "8x8"], "--size"),
            (sample + ["x.jsonl", "--grid", "g.png"], "--grid: is an option of models with pictures"),
            (["sample", "pairs/model", "--out", "x.jsonl", "--quiet"], "this model needs a sentence"),
            (sample + ["x.jsonl", "--source", "dog"], "--prompt: cannot stand beside --source"),
            (["sample", "alone/model", "--source", "dog", "--out", "x.jsonl", "--quiet"], "does not listen to sentences"),
            (
                ["sample", "shapes-dit", "--source", "dog", "--out", "x.png", "--quiet"],
                "--source: is an option of models with sentences"
            ),
            (
                ["sample", "shapes-dit", "--prompt", "dog", "--watch", "--out", "x.png"],
                "--watch: is an option of models with sentences"
            ),
            (["train", "shapes.yaml", "--run-dir", "r", "--quiet"], "has no sentence, which this system needs"),
            (["train", "heads.yaml", "--run-dir", "r", "--quiet"], "codec.heads"),
        ] {
            let result = try Program.run(arguments, in: place.path)
            #expect(result.code == 2 && !result.wasKilled && result.errors.contains(words), "\(arguments): \(result.errors)")
            for name in ["x.png", "x.txt", "x.jsonl", "g.png", "r"] {
                #expect(!FileManager.default.fileExists(atPath: place.path + "/" + name), "\(arguments) left \(name)")
            }
        }
    }
}
