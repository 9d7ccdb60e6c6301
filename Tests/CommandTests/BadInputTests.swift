import Foundation
import Testing

/// Every mistake a person can make is one line with the place, the contract's exit code, and nothing half-written.
@Suite(.serialized) struct BadInputTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var arguments: [String]
        /// Words that the line must hold.
        var says: [String]
        var code: Int32 = 2
        /// Largest file in blocks of 512 bytes.
        var fileLimit: Int?
        var prepare: @Sendable (Workplace) throws -> Void = { _ in }
        var testDescription: String { name }
    }

    private static let draw = ["sample", "m", "--prompt", "a red ring on a gray background", "--quiet"]
    private static let train = ["train", "x.yaml", "--run-dir", "run", "--quiet"]
    private static let forward = ["forward", "m", "--part", "decoder", "--input", "in.safetensors", "--out", "o.safetensors"]

    private static func file(_ header: String, body: Int, length: UInt64? = nil) -> Data {
        var data = withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Data($0) }
        data += Data(header.utf8) + Data(count: body)
        return data
    }

    private static func put(_ data: Data, _ name: String) -> @Sendable (Workplace) throws -> Void {
        { try data.write(to: URL(fileURLWithPath: "\($0.path)/\(name)")) }
    }

    private static func yaml(_ old: String, _ new: String) -> @Sendable (Workplace) throws -> Void {
        { place in
            let text = Tiny.kl().replacingOccurrences(of: old, with: new)
            precondition(text != Tiny.kl(), "\(old) is not in the recipe")
            try place.write(text, to: "x.yaml")
        }
    }

    private static func cut(_ name: String, to size: Int) -> @Sendable (Workplace) throws -> Void {
        { truncate("\($0.path)/\(name)", off_t(size)) }
    }

    private static let two =
        #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"t":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static let files: [Case] = [
        Case(
            name: "truncated weights", arguments: draw, says: ["m/model.safetensors"],
            prepare: cut("m/model.safetensors", to: 9000)),
        Case(
            name: "weights cut in the header", arguments: draw, says: ["m/model.safetensors"],
            prepare: cut("m/model.safetensors", to: 40)),
        Case(name: "empty weights", arguments: draw, says: ["m/model.safetensors"], prepare: cut("m/model.safetensors", to: 0)),
        Case(name: "truncated codec", arguments: draw, says: ["codec"], prepare: cut("m/codec/model.safetensors", to: 5000)),
        Case(
            name: "oversized header", arguments: forward, says: ["in.safetensors", "header"],
            prepare: put(file("{}", body: 8, length: 1 << 60), "in.safetensors")),
        Case(
            name: "overlapping tensors", arguments: forward, says: ["in.safetensors"],
            prepare: put(file(two, body: 12), "in.safetensors")),
        Case(
            name: "header that is no JSON", arguments: forward, says: ["in.safetensors"],
            prepare: put(file("{\"x\":", body: 8), "in.safetensors")),
        Case(
            name: "shape of another model", arguments: forward, says: ["in.safetensors", "'x'", "[B, 4, 8, 8]", "[2]"],
            prepare: put(file(#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, body: 8), "in.safetensors")),
        Case(
            name: "unknown tensor", arguments: forward, says: ["in.safetensors", "'contxt'", "'context'"],
            prepare: put(file(#"{"contxt":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, body: 8), "in.safetensors")),
        Case(name: "missing input", arguments: forward, says: ["in.safetensors"]),
        Case(
            name: "broken PNG", arguments: draw + ["--init", "p.png"], says: ["p.png"],
            prepare: put(Data(png + [1, 2, 3]), "p.png")),
        Case(
            name: "broken JPEG", arguments: draw + ["--init", "p.jpg"], says: ["p.jpg"],
            prepare: put(Data([0xFF, 0xD8, 0xFF, 0xE0, 9, 9]), "p.jpg")),
        Case(
            name: "no picture at all", arguments: draw + ["--init", "p.txt"], says: ["p.txt"],
            prepare: put(Data("hello".utf8), "p.txt")),
        Case(name: "missing picture", arguments: draw + ["--init", "none.png"], says: ["none.png"]),
        Case(name: "mask without a picture", arguments: draw + ["--mask", "p.png"], says: ["--mask", "--init"]),
        Case(
            name: "config that is no JSON", arguments: draw, says: ["m/config.json"],
            prepare: put(Data("{".utf8), "m/config.json")),
        Case(
            name: "config of nothing", arguments: draw, says: ["m/config.json", "system"],
            prepare: put(Data("{}".utf8), "m/config.json")),
        Case(
            name: "folder without a model", arguments: ["sample", "empty"], says: ["empty/config.json"],
            prepare: { try FileManager.default.createDirectory(atPath: $0.path + "/empty", withIntermediateDirectories: true) }),
        Case(name: "missing model", arguments: ["sample", "shapes-dot"], says: ["shapes-dot", "no such model"]),
        Case(name: "codec that does not draw", arguments: ["sample", "m/codec"], says: ["m/codec", "kl-autoencoder"]),
        Case(name: "missing prompts file", arguments: draw + ["--prompts-file", "none.txt"], says: ["none.txt"]),
        Case(
            name: "latents of another shape", arguments: ["decode", "m", "--input", "in.safetensors"],
            says: ["in.safetensors", "latents"],
            prepare: put(file(#"{"latents":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, body: 8), "in.safetensors")),
    ]

    static let recipes: [Case] = [
        Case(name: "missing recipe", arguments: ["train", "none.yaml"], says: ["none.yaml"]),
        Case(
            name: "unknown key", arguments: train, says: ["x.yaml:11", "'train.optimiser'", "'optimizer'"],
            prepare: yaml("optimizer:", "optimiser:")),
        Case(
            name: "unknown key at the top", arguments: train, says: ["x.yaml:6", "'dta'", "'data'"],
            prepare: yaml("data:", "dta:")),
        Case(
            name: "wrong type", arguments: train, says: ["x.yaml:9", "'train.batch'", "an integer"],
            prepare: yaml("batch: 8\n", "batch: many\n")),
        Case(
            name: "out of range", arguments: train, says: ["x.yaml:8", "'train.steps'"], prepare: yaml("steps: 20", "steps: -3")),
        Case(
            name: "unknown system", arguments: train, says: ["x.yaml:3", "'kl-autoencodr'", "'kl-autoencoder'"],
            prepare: yaml("kl-autoencoder", "kl-autoencodr")),
        Case(
            name: "unknown data", arguments: train, says: ["x.yaml:6", "'shape'", "'shapes'"],
            prepare: yaml("kind: shapes", "kind: shape")),
        Case(
            name: "missing data folder", arguments: train, says: ["nowhere"],
            prepare: yaml("kind: shapes, count: 50", "kind: images, path: nowhere")),
        Case(name: "size that does not halve", arguments: train, says: ["codec", "size"], prepare: yaml("[32, 32]", "[33, 32]")),
        Case(
            name: "pictures of another size", arguments: train, says: ["data.train", "64x64", "32x32"],
            prepare: yaml("[32, 32]", "[64, 64]")),
        Case(
            name: "optimiser of a phase that is none", arguments: train, says: ["x.yaml", "optimizers.judge", "discriminator"],
            prepare: {
                try $0.write(Tiny.vqgan().replacingOccurrences(of: "{discriminator: {lr", with: "{judge: {lr"), to: "x.yaml")
            }),
        Case(
            name: "optimizers where there is one phase", arguments: train, says: ["x.yaml", "train.optimizers", "'optimizer'"],
            prepare: yaml("  ema:", "  optimizers: {codec: {lr: 1}}\n  ema:")),
        Case(name: "YAML that is none", arguments: train, says: ["x.yaml"], prepare: yaml("codec: {", "codec: [{")),
        Case(
            name: "missing codec", arguments: train, says: ["nowhere"],
            prepare: { try $0.write(Tiny.dit().replacingOccurrences(of: "kl/model", with: "nowhere"), to: "x.yaml") }),
        Case(
            name: "nothing to freeze", arguments: train + ["--set", "train.freeze=[encodr.input]"],
            says: ["train.freeze", "encodr.input", "encoder.input"]),
        Case(
            name: "everything frozen", arguments: train + ["--set", "train.freeze=[encoder, quantConv, postQuantConv, decoder]"],
            says: ["train.freeze", "nothing to train"]),
        Case(
            name: "Muon's momentum for AdamW", arguments: train + ["--set", "train.optimizer.momentum=0.9"],
            says: ["train.optimizer.momentum"]),
        Case(name: "unknown key by --set", arguments: train + ["--set", "train.stepps=3"], says: ["train.stepps", "'steps'"]),
        Case(name: "--set without a value", arguments: train + ["--set", "train.steps"], says: ["train.steps"]),
        Case(
            name: "run folder of something else", arguments: ["train", "x.yaml", "--run-dir", "m", "--fresh"],
            says: ["m:", "not emptied"]),
        Case(name: "resume of nothing", arguments: ["resume", "nowhere"], says: ["nowhere"]),
    ]

    static let flags: [Case] = [
        Case(name: "unknown sampler", arguments: draw + ["--sampler", "eulr"], says: ["--sampler", "'eulr'", "'euler'"]),
        Case(name: "unknown spacing", arguments: draw + ["--spacing", "karas"], says: ["--spacing", "'karras'"]),
        Case(name: "negative steps", arguments: draw + ["--steps", "-4"], says: ["--steps"]),
        Case(name: "more steps than the chain has", arguments: draw + ["--steps", "5000"], says: ["steps"]),
        Case(name: "guidance nan", arguments: draw + ["--cfg-scale", "nan"], says: ["--cfg-scale"]),
        Case(name: "guidance inf", arguments: draw + ["--cfg-scale", "inf"], says: ["--cfg-scale"]),
        Case(name: "strength 2", arguments: draw + ["--strength", "2"], says: ["--strength"]),
        Case(name: "eta nan", arguments: draw + ["--eta", "nan"], says: ["--eta"]),
        Case(name: "no samples", arguments: draw + ["--count", "0"], says: ["--count"]),
        Case(name: "negative seed", arguments: draw + ["--seed", "-1"], says: ["--seed"]),
        Case(name: "seed that is no number", arguments: draw + ["--seed", "x"], says: ["--seed"]),
        Case(name: "batch of nothing", arguments: draw + ["--batch", "0"], says: ["--batch"]),
        Case(name: "no threads", arguments: draw + ["--threads", "0"], says: ["--threads"]),
        Case(name: "unknown flag", arguments: draw + ["--promt", "x"], says: ["--promt", "--prompt"]),
        Case(name: "class for a model of sentences", arguments: ["sample", "m", "--class", "3"], says: ["--class", "--prompt"]),
        Case(name: "no sentence", arguments: ["sample", "m"], says: ["--prompt"]),
        Case(name: "missing argument", arguments: ["sample"], says: ["model"]),
        Case(name: "unknown command", arguments: ["smaple"], says: ["smaple"]),
        Case(
            name: "unknown part", arguments: ["forward", "m", "--part", "decodr", "--input", "a", "--out", "b"],
            says: ["--part", "'decoder'"]),
        Case(name: "unknown precision", arguments: forward + ["--precision", "f61"], says: ["--precision"]),
        Case(name: "unknown workload", arguments: ["bench", "dit-s2-trian"], says: ["'dit-s2-train'"]),
        Case(name: "unknown metric", arguments: ["eval", "m", "--metrics", "aligment"], says: ["--metrics", "'alignment'"]),
        Case(
            name: "unknown split", arguments: ["data", "captions", "shapes", "--split", "heldout"], says: ["split", "held-out"]),
        Case(name: "unknown data set", arguments: ["data", "captions", "shapez"], says: ["shapez", "shapes"]),
        Case(name: "negative init seed", arguments: ["init", "x.yaml", "--seed", "-1", "--out", "o"], says: ["--seed"]),
    ]

    static let outputs: [Case] = [
        Case(name: "picture into a missing folder", arguments: draw + ["--out", "none/x.png"], says: ["none/x.png"]),
        Case(
            name: "picture over a folder", arguments: draw + ["--out", "taken.png"], says: ["taken.png", "folder"],
            prepare: {
                try FileManager.default.createDirectory(atPath: $0.path + "/taken.png", withIntermediateDirectories: true)
            }),
        Case(name: "folder in /proc", arguments: draw + ["--out", "/proc/x"], says: ["/proc/x"]),
        Case(name: "picture in /proc", arguments: draw + ["--out", "/proc/x.png"], says: ["/proc/x.png"]),
        Case(name: "folder below a file", arguments: draw + ["--out", "x.yaml/samples"], says: ["x.yaml/samples"]),
        Case(name: "folder where a file is", arguments: draw + ["--out", "x.yaml"], says: ["x.yaml"]),
        Case(name: "grid into a missing folder", arguments: draw + ["--grid", "none/g.png"], says: ["none/g.png"]),
        Case(name: "several samples into one picture", arguments: draw + ["--count", "2", "--out", "x.png"], says: ["x.png"]),
        Case(name: "run in /proc", arguments: ["train", "x.yaml", "--run-dir", "/proc/x"], says: ["/proc/x"]),
        Case(
            name: "tensors into a missing folder",
            arguments: ["forward", "m", "--part", "encoder", "--input", "in.safetensors", "--out", "none/o.safetensors"],
            says: ["none/o.safetensors"], prepare: { try media($0) }),
        Case(
            name: "tensors onto a device",
            arguments: ["forward", "m", "--part", "encoder", "--input", "in.safetensors", "--out", "/dev/full"],
            says: ["/dev/full"], prepare: { try media($0) }),
        Case(
            name: "latents into a missing folder",
            arguments: ["encode", "m", "--data", "shapes", "--count", "2", "--out", "none/l"], says: ["none/l"]),
        Case(
            name: "model over something else", arguments: ["init", "x.yaml", "--out", "mine"], says: ["mine", "not replaced"],
            prepare: {
                try FileManager.default.createDirectory(atPath: $0.path + "/mine", withIntermediateDirectories: true)
                try $0.write("precious", to: "mine/letter.txt")
            }),
        Case(name: "model in /proc", arguments: ["init", "x.yaml", "--out", "/proc/x"], says: ["/proc/x"]),
        Case(
            name: "full disk while training", arguments: train, says: ["model.safetensors", "cannot write"], code: 1,
            fileLimit: 60),
        Case(
            name: "full disk for a new model", arguments: ["init", "x.yaml", "--out", "o"], says: ["model.safetensors"], code: 1,
            fileLimit: 60),
        Case(name: "full disk for a picture", arguments: draw, says: ["0-0.png"], code: 1, fileLimit: 1),
        Case(
            name: "full disk for latents",
            arguments: ["encode", "m", "--data", "shapes", "--count", "40", "--out", "l", "--quiet"], says: ["l: "], code: 1,
            fileLimit: 60),
    ]

    private static func media(_ place: Workplace) throws {
        let header = #"{"x":{"dtype":"F32","shape":[1,3,32,32],"data_offsets":[0,12288]}}"#
        try file(header, body: 12288).write(to: URL(fileURLWithPath: place.path + "/in.safetensors"))
    }

    @Test(arguments: files + recipes + flags + outputs)
    func `one line, the right code, nothing left behind`(_ test: Case) throws {
        let place = Workplace()
        try FileManager.default.copyItem(atPath: try Tiny.shared.get().path + "/dit/model", toPath: place.path + "/m")
        try place.write(Tiny.kl(), to: "x.yaml")
        try test.prepare(place)
        let before = try place.files(".")
        let result = try Program.run(test.arguments, in: place.path, fileLimit: test.fileLimit)
        let line = result.errors.trimmingCharacters(in: .newlines)
        #expect(result.code == test.code && !result.wasKilled, "\(result.code): \(line)")
        #expect(line.hasPrefix("latentlab: ") && !line.contains("\n"), "\(line)")
        for word in test.says { #expect(line.contains(word), "'\(word)' is not in: \(line)") }
        #expect(try place.leftovers() == [])
        let after = try place.files(".")
        for (name, bytes) in before { #expect(after[name] == bytes, "\(name) was changed") }
        if test.code == 2 && !test.arguments.contains("run") {
            #expect(after.keys.sorted() == before.keys.sorted(), "something was written")
        }
    }

    @Test func `standard output that takes nothing is a failure, and a reader that has gone away is none`() throws {
        let place = try Tiny.shared.get()
        func shell(_ command: String) throws -> (code: Int32, errors: String) {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", command, Program.path]
            process.currentDirectoryURL = URL(fileURLWithPath: place.path)
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return (process.terminationStatus, text)
        }
        let full = try shell("\"$0\" info dit/model > /dev/full")
        #expect(full.code == 1 && full.errors.contains("standard output"), "\(full)")
        let gone = try shell("{ \"$0\" info dit/model; echo $? > gone; } | true")
        let code = String(decoding: try place.bytes("gone"), as: UTF8.self)
        #expect(gone.errors == "" && code == "0\n", "\(gone), exit code \(code)")
    }
}
