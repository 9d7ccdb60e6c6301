import Foundation
import LatentLab
import Testing

/// Diffusion among vectors of tokens, from outside.
@Suite(.serialized) struct EmbeddingModelTests {
    private static func recipe(_ model: String) -> String {
        """
        version: 1
        name: tiny-sed
        system: sed
        seed: 3
        model: {vocabulary: 300, length: 24, width: 16, dim: 32, depth: 1, heads: 2\(model)}
        data: {train: {kind: lines, path: lines.txt}}
        sample: {steps: 4, cfg_scale: 2}
        train: {steps: 6, batch: 8, prepare: 0, checkpoint: {every: 3}, preview: {every: 6, seeds: [0, 1]}}
        """
    }

    private static let shared = Result {
        let place = Workplace()
        try place.write((0..<120).map { "line number \($0 * 7)" }.joined(separator: "\n"), to: "lines.txt")
        try place.write(recipe(""), to: "sed.yaml")
        try place.write(
            recipe("").replacingOccurrences(of: "sed", with: "cdcd")
                .replacingOccurrences(of: "sample:", with: "corruption: {least: 0.3, most: 30}\nsample:"), to: "cdcd.yaml")
        try place.write(
            recipe("").replacingOccurrences(of: "sed", with: "cdcd").replacingOccurrences(
                of: "{kind: lines, path: lines.txt}",
                with: "{kind: task, task: copy, count: 90}}\ncondition: {kind: text, length: 16, width: 16, depth: 1, heads: 2"),
            to: "tasks.yaml")
        try place.write(
            String(decoding: try place.bytes("tasks.yaml"), as: UTF8.self).replacingOccurrences(of: "cdcd", with: "seqdiffuseq")
                .replacingOccurrences(of: "sample:", with: "corruption: {steps: 20, bins: 2, start: 2, interval: 2}\nsample:"),
            to: "adaptive.yaml")
        try place.write(
            String(decoding: try place.bytes("tasks.yaml"), as: UTF8.self).replacingOccurrences(of: "cdcd", with: "difformer")
                .replacingOccurrences(of: "{steps: 4,", with: "{steps: 4, lengths: 2, candidates: 2,"), to: "anchored.yaml")
        for name in ["sed", "cdcd", "tasks", "adaptive", "anchored"] {
            try Program.succeed(["train", "\(name).yaml", "--run-dir", name, "--quiet"], in: place.path)
        }
        return place
    }

    @Test(arguments: ["sed", "cdcd", "adaptive", "anchored"]) func `a run shows what it says, and resumes bit for bit`(
        name: String
    ) throws {
        let place = try Self.shared.get()
        // What is asked for prompts has none here.
        let shown =
            ["adaptive", "anchored"].contains(name)
            ? "\n\n" : String(decoding: try place.bytes("\(name)/samples/step-000006.txt"), as: UTF8.self)
        #expect(shown.split(separator: "\n", omittingEmptySubsequences: false).count == 3, "\(shown)")
        let all = ["train", "\(name).yaml", "--run-dir", "again-\(name)", "--quiet"]
        try Program.run(all + ["--max-steps", "2"], in: place.path)
        try Program.succeed(all, in: place.path)
        #expect(try place.bytes("again-\(name)/model/model.safetensors") == place.bytes("\(name)/model/model.safetensors"))
    }

    @Test(arguments: ["tasks", "adaptive", "anchored"])
    func `sources are made into sentences, with what was learned of times`(name: String) throws {
        let place = try Self.shared.get()
        let sample = ["sample", "\(name)/model", "--source", "cat dog", "--source", "owl", "--count", "2", "--quiet", "--out"]
        try Program.succeed(sample + ["a-\(name).jsonl", "--batch", "4", "--threads", "2"], in: place.path)
        try Program.succeed(sample + ["b-\(name).jsonl", "--batch", "1", "--threads", "1"], in: place.path)
        #expect(try place.bytes("a-\(name).jsonl") == place.bytes("b-\(name).jsonl"))
        let weights = try SafetensorsFile(place.path + "/\(name)/model/model.safetensors").entries.map(\.name)
        let kept = weights.filter { $0.hasPrefix("warp.") || $0.hasPrefix("schedule.") }.sorted()
        #expect(
            kept == (["tasks": ["warp.heightLogits", "warp.widthLogits"], "adaptive": ["schedule.alphaBars"]][name] ?? []),
            "\(kept)")
    }

    @Test(arguments: ["sed", "cdcd"], [[], ["--infill", "line ____ 7", "--infill", "__ number 14"]])
    func `sentences are the same in any batch and on any threads, with blanks or from nothing`(
        name: String, asked: [String]
    ) throws {
        let place = try Self.shared.get()
        func lines(_ more: [String]) throws -> String {
            let out = "out-\(UUID().uuidString).jsonl"
            try Program.succeed(
                ["sample", "\(name)/model", "--count", "3", "--out", out, "--quiet"] + asked + more, in: place.path)
            return String(decoding: try place.bytes(out), as: UTF8.self)
        }
        let first = try lines(["--batch", "6", "--threads", "2"])
        #expect(try lines(["--batch", "1", "--threads", "1"]) == first)
        let rows = try first.split(separator: "\n").map { try JSON.parse(String($0), file: "row") }
        #expect(rows.count == (asked.isEmpty ? 3 : 6))
        guard !asked.isEmpty else { return }
        for row in rows.prefix(3) {
            #expect(row["prompt"]?.string == "line ____ 7")
            #expect(row["text"]?.string?.hasPrefix("line") == true && row["text"]?.string?.hasSuffix(" 7") == true)
        }
    }

    @Test func `another model's vectors and words are taken, and no longer needed`() throws {
        let place = try Self.shared.get()
        try place.write(
            """
            version: 1
            name: tiny-speaker
            system: autoregressive-text
            model: {vocabulary: 300, length: 24, width: 32, heads: 2, decoder_depth: 1}
            data: {train: {kind: lines, path: lines.txt}}
            train: {steps: 2, batch: 8, prepare: 0, preview: {every: 0}}
            """, to: "speaker.yaml")
        try Program.succeed(["train", "speaker.yaml", "--run-dir", "speaker", "--quiet"], in: place.path)
        try place.write(Self.recipe(", space: pretrained, from: speaker/model"), to: "taught.yaml")
        try Program.succeed(["train", "taught.yaml", "--run-dir", "taught", "--quiet"], in: place.path)
        #expect(
            try place.bytes("taught/model/text/tokenizer.json") == place.bytes("speaker/model/text/tokenizer.json"))
        try FileManager.default.moveItem(atPath: place.path + "/taught/model", toPath: place.path + "/alone")
        try FileManager.default.removeItem(atPath: place.path + "/speaker")
        try Program.succeed(["sample", "alone", "--out", "alone.txt", "--quiet"], in: place.path)
        let again = try Program.run(["train", "taught.yaml", "--run-dir", "third", "--quiet"], in: place.path)
        #expect(again.code == 2 && again.errors.contains("speaker/model"), "\(again.errors)")
    }

    @Test func `what cannot be is refused`() throws {
        let place = try Self.shared.get()
        try place.write(Self.recipe(", space: pretrained"), to: "from.yaml")
        try place.write(Self.recipe(", space: letters"), to: "space.yaml")
        try place.write(Self.recipe(", patch: 2"), to: "patch.yaml")
        let sample = ["sample", "sed/model", "--quiet", "--out"]
        for (arguments, words) in [
            (["train", "from.yaml", "--run-dir", "r", "--quiet"], "model.from"),
            (["train", "space.yaml", "--run-dir", "r", "--quiet"], "model.space"),
            (["train", "patch.yaml", "--run-dir", "r", "--quiet"], "model.patch"),
            (sample + ["x.jsonl", "--prompt", "x"], "does not listen to sentences"),
            (sample + ["x.jsonl", "--infill", "no blank"], "--infill: has no blank"),
            (sample + ["x.txt", "--infill", "a _", "--infill", "b _"], "several samples into one text"),
            (["sample", "shapes-dit", "--infill", "a _", "--quiet", "--out", "x.png"], "--infill: this model does not fill in"),
        ] {
            let result = try Program.run(arguments, in: place.path)
            #expect(result.code == 2 && result.errors.contains(words), "\(arguments): \(result.errors)")
        }
    }
}
