import Foundation
import LatentLab
import Testing

/// Autoregressive models of sentences from outside, and what one of them thinks of another's samples.
@Suite(.serialized) struct LanguageModelTests {
    private static func model(_ condition: String, _ data: String, seed: Int, more: String = "") -> String {
        """
        version: 1
        name: tiny-autoregressive-text
        system: autoregressive-text
        seed: \(seed)
        condition: \(condition)
        model: {vocabulary: 300, length: 16, width: 32, heads: 2, decoder_depth: 1\(more)}
        data: {train: \(data)}
        train: {steps: 6, batch: 8, optimizer: {lr: 3.0e-3}, checkpoint: {every: 3}, preview: {every: 6, seeds: [0, 1, 2]\(condition.contains("text") ? ", prompts: [cat dog]" : "")}}
        """
    }

    private static let shared = Result {
        let place = Workplace()
        try place.write((0..<120).map { "line number \($0 * 7)" }.joined(separator: "\n"), to: "lines.txt")
        try place.write((0..<120).map { "number \($0 * 5) of the lines" }.joined(separator: "\n"), to: "others.txt")
        try place.write(model("{kind: none}", "{kind: lines, path: lines.txt}", seed: 3), to: "alone.yaml")
        try place.write(model("{kind: none}", "{kind: lines, path: others.txt}", seed: 4), to: "judge.yaml")
        try place.write(
            model("{kind: text}", "{kind: task, task: reverse, count: 200}", seed: 3, more: ", encoder_depth: 1"),
            to: "pairs.yaml")
        for name in ["alone", "judge", "pairs"] {
            try Program.succeed(["train", "\(name).yaml", "--run-dir", name, "--quiet"], in: place.path)
        }
        try place.write(Tiny.kl(steps: 1), to: "kl.yaml")
        try Program.succeed(["init", "kl.yaml", "--out", "pictures"], in: place.path)
        return place
    }

    @Test func `a run shows what it says, counts bits, and resumes bit for bit`() throws {
        let place = try Self.shared.get()
        for name in ["alone", "pairs"] {
            let shown = String(decoding: try place.bytes("\(name)/samples/step-000006.txt"), as: UTF8.self)
            #expect(shown.split(separator: "\n", omittingEmptySubsequences: false).count >= 4, "\(name): \(shown)")
            #expect(String(decoding: try place.bytes("\(name)/log.jsonl"), as: UTF8.self).contains("\"bits\""))
            let all = ["train", "\(name).yaml", "--run-dir", "again-\(name)", "--quiet"]
            try Program.run(all + ["--max-steps", "2"], in: place.path)
            try Program.succeed(all, in: place.path)
            #expect(
                try place.bytes("again-\(name)/model/model.safetensors") == place.bytes("\(name)/model/model.safetensors"),
                "\(name)")
        }
        #expect(try place.files("alone/model").keys.sorted() == ["config.json", "model.safetensors", "text/tokenizer.json"])
    }

    @Test func `the same bytes in any batch and on any threads, and another sampler says something else`() throws {
        let place = try Self.shared.get()
        func lines(_ more: [String]) throws -> Data {
            let out = "out-\(UUID().uuidString).jsonl"
            try Program.succeed(
                [
                    "sample", "pairs/model", "--prompt", "cat dog", "--prompt", "owl", "--count", "3", "--seed", "4", "--out",
                    out, "--quiet",
                ] + more, in: place.path)
            return try place.bytes(out)
        }
        let first = try lines(["--batch", "4", "--threads", "2"])
        #expect(try lines(["--batch", "1", "--threads", "1"]) == first)
        let rows = try String(decoding: first, as: UTF8.self).split(separator: "\n").map {
            try JSON.parse(String($0), file: "row")
        }
        #expect(rows.count == 6 && Set(rows.prefix(3).compactMap { $0["text"]?.string }).count == 3, "\(rows)")
        #expect(try lines(["--sampler", "greedy"]) != first)
    }

    @Test func `sentences are as likely as the model says`() throws {
        let place = try Self.shared.get()
        let text = try Program.succeed(
            ["eval", "alone/model", "--metrics", "likelihood", "--data", "lines.txt", "--count", "5", "--quiet", "--json"],
            in: place.path)
        let json = try JSON.parse(text, file: "eval")
        let held = try TextLines(place.path + "/lines.txt", split: .heldOut).sentences.prefix(5)
        let (nats, rows) = try Self.chances(place.path + "/alone/model", Array(held))
        let tokens = rows.reduce(0) { $0 + $1.count + 1 }
        let characters = held.reduce(0) { $0 + $1.count }
        #expect(abs((json["bits-per-token"]?.number ?? 0) - nats / log(2) / Double(tokens)) < 1e-5, "\(text)")
        #expect(abs((json["bits-per-character"]?.number ?? 0) - nats / log(2) / Double(characters)) < 1e-5, "\(text)")
    }

    /// Nats of all texts together, each asked by itself, and their tokens without ends.
    private static func chances(_ model: String, _ texts: [String]) throws -> (nats: Double, rows: [[Int32]]) {
        let system = try #require(try ModelDirectory.load(model).system as? AutoregressiveTextSystem)
        guard case .text(let form) = system.form else { return (0, []) }
        let nats = try texts.map { text in
            let media = try system.form.media(of: Example(text: text, name: "one"))
            return Double(system.nats(Batch(media: media, places: [Noise(seed: 9)])).scalar)
        }
        let rows = texts.map { Array(form.tokenizer.encode($0, wrapped: false, limit: nil).prefix(form.length - 1)) }
        return (nats.reduce(0, +), rows)
    }

    @Test func `a judge's opinion stands beside the samples' entropy, both beside those of real sentences`() throws {
        let place = try Self.shared.get()
        let asked = ["--metrics", "nll", "--judge", "judge/model", "--data", "lines.txt", "--count", "4", "--quiet"]
        let json = try JSON.parse(try Program.succeed(["eval", "alone/model", "--json"] + asked, in: place.path), file: "eval")
        try Program.succeed(["sample", "alone/model", "--count", "4", "--out", "four.jsonl", "--quiet"], in: place.path)
        let made = try String(decoding: try place.bytes("four.jsonl"), as: UTF8.self).split(separator: "\n").map {
            try #require(try JSON.parse(String($0), file: "row")["text"]?.string)
        }
        let real = Array(try TextLines(place.path + "/lines.txt", split: .heldOut).sentences.prefix(4))
        #expect(made.count == 4 && real.count == 4)
        for (ending, texts) in [("", made), ("-real", real)] {
            let (nats, rows) = try Self.chances(place.path + "/judge/model", texts)
            let tokens = rows.reduce(0) { $0 + $1.count + 1 }
            #expect(abs((json["nll\(ending)"]?.number ?? 0) - nats / Double(tokens)) < 1e-5, "\(json)")
            // Of each sentence's own tokens.
            let entropies = rows.map { row in
                Dictionary(grouping: row) { $0 }.values.reduce(0.0) { sum, same in
                    let share = Double(same.count) / Double(row.count)
                    return sum - share * log(share)
                }
            }
            #expect(abs((json["nll\(ending)-entropy"]?.number ?? 0) - entropies.reduce(0, +) / 4) < 1e-6, "\(json)")
        }
        // A file of samples stands for the model that made them, and any batch for another.
        let file = try Program.succeed(["eval", "four.jsonl", "--json", "--batch", "1"] + asked, in: place.path)
        #expect(try JSON.parse(file, file: "eval") == json, "\(file)")
        let text = try Program.succeed(
            ["eval", "pairs/model"] + asked.map { $0 == "lines.txt" ? "reverse" : $0 }, in: place.path)
        let lines = text.split(separator: "\n").map(String.init)
        let names = lines.map { String($0.prefix { $0 != ":" }) }
        #expect(names == ["nll", "nll-entropy", "nll-real", "nll-real-entropy"], "\(text)")
        #expect(lines[0].contains("tokens of 4 samples") && lines[2].contains("tokens of 4 held-out sentences"), "\(text)")
    }

    @Test func `who cannot judge and what cannot be judged is said in a line`() throws {
        let place = try Self.shared.get()
        try place.write("a line\nanother\n", to: "made.txt")
        let eval = ["--data", "lines.txt", "--count", "3", "--quiet", "--metrics"]
        let picture = Self.model("{kind: none}", "{kind: shapes, count: 20}", seed: 1)
        try place.write(picture, to: "shapes.yaml")
        for (arguments, words) in [
            (["eval", "alone/model"] + eval + ["nll"], "--judge: is needed"),
            (["eval", "alone/model", "--judge", "pictures"] + eval + ["nll"], "is no judge of sentences"),
            (["eval", "alone/model", "--judge", "pairs/model"] + eval + ["nll"], "judges sentences by what they are made from"),
            (["eval", "alone/model", "--judge", "nowhere"] + eval + ["nll"], "no such model"),
            (["eval", "pictures", "--judge", "judge/model"] + eval + ["nll"], "does not generate"),
            (["eval", "made.txt", "--judge", "judge/model"] + eval + ["diversity"], "--metrics: asks a model"),
            (
                ["eval", "made.txt", "--judge", "judge/model", "--metrics", "nll", "--data", "shapes", "--quiet"],
                "holds no sentences"
            ),
            (["eval", "pictures"] + eval + ["likelihood"], "cannot say how likely an example is"),
            (["train", "shapes.yaml", "--run-dir", "r", "--quiet"], "has no sentence, which this system needs"),
        ] {
            let result = try Program.run(arguments, in: place.path)
            #expect(result.code == 2 && !result.wasKilled && result.errors.contains(words), "\(arguments): \(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1)
        }
    }
}
