import ArgumentParser
import LatentLab

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write the model of an experiment file with random weights.")

    @Argument(help: "An experiment file.") var experiment: String
    @Option(help: "Seed of the weights.") var seed = 0
    @Option(name: .customLong("set"), help: ArgumentHelp("Change a leaf of the file; may be repeated.", valueName: "key=value"))
    var assignments: [String] = []
    @Option(help: "The model directory to write.") var out: String

    func run() throws {
        guard seed >= 0 else { throw InputError("out of range", at: "--seed", expected: "0 or more", found: "\(seed)") }
        try InitialModel(try ExperimentFile(path: experiment, set: assignments), seed: seed).write(to: out)
    }
}

struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Copy a model with its weights stored as bf16 or f32.")

    @Argument(help: "A model directory, or the name of a shipped model.") var model: String
    @Option(help: "bf16, half the size, or f32.") var dtype = "bf16"
    @Option(help: "The model directory to write.") var out: String

    func run() throws { try ModelDirectory.export(try Assets.model(model), to: out, dtype: try choice(dtype, "--dtype")) }
}

struct Forward: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run one part of a model on tensors from a file.")

    @Argument(help: "A model directory, or the name of a shipped model.") var model: String
    @Option(help: ArgumentHelp("denoiser, encoder, decoder or text.")) var part: String
    @Option(help: "Tensors x, t, class, context, context_mask, previous, as the part needs; maps are [B, C, H, W].")
    var input: String
    @Option(help: "A safetensors file.") var out: String
    @Option(help: "f32, bf16, or auto for what this processor is fast at.") var precision = "f32"
    @OptionGroup var machine: MachineOptions

    func run() throws {
        try machine.apply()
        let pass = ForwardPass(
            model: try Assets.model(model), part: try choice(part, "--part"), precision: try Precision(option: precision))
        try pass.run(input: input, out: out) { Console.error("latentlab: \($0)") }
    }
}

struct Encode: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Pictures to a codec's latents or tokens.")

    @Argument(help: "A model directory with a codec, or the name of a shipped model.") var model: String
    @Option(help: "Pictures, or folders of them; may be repeated.") var input: [String] = []
    @Option(help: "A data set instead: shapes or emoji.") var data: String?
    @Option(help: "train, held-out or, of emoji, all; of --data.") var split = "train"
    @Option(help: "How many of --data.") var count = 1000
    @Option(help: "A safetensors file.") var out: String
    @OptionGroup var machine: MachineOptions

    func run() throws {
        try machine.apply()
        guard (1...10_000_000).contains(count) else {
            throw InputError("out of range", at: "--count", expected: "1 or more", found: "\(count)")
        }
        guard (data == nil) != input.isEmpty else {
            throw InputError("what to encode is not clear", at: "--input, --data", expected: "one of the two")
        }
        let coding = Coding(model: try Assets.model(model), quiet: machine.quiet)
        if let data {
            try coding.encode(data: data, split: split, count: count, out: out)
        } else {
            try coding.encode(files: input, out: out)
        }
    }
}

struct Decode: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "A codec's latents or tokens to pictures.")

    @Argument(help: "A model directory with a codec, or the name of a shipped model.") var model: String
    @Option(help: "A safetensors file, as encode writes it.") var input: String
    @Option(help: "A folder, or one PNG file.") var out = "decoded"
    @OptionGroup var machine: MachineOptions

    func run() throws {
        try machine.apply()
        try Coding(model: try Assets.model(model), quiet: machine.quiet).decode(input: input, out: out)
    }
}

/// One of an enumeration's names given to a flag.
func choice<E: RawRepresentable & CaseIterable>(_ text: String, _ flag: String) throws(InputError) -> E
where E.RawValue == String {
    if let value = E(rawValue: text) { return value }
    let names = E.allCases.map(\.rawValue)
    throw InputError(
        "unknown name", at: flag, expected: "one of " + names.joined(separator: ", "), found: "'\(text)'",
        hint: nearestName(to: text, among: names).map { "did you mean '\($0)'?" })
}

extension Precision {
    /// "f32", "bf16" or "auto".
    init(option text: String) throws(InputError) {
        if text == "auto" {
            self = Compute.hasBF16 ? .bf16 : .f32
            return
        }
        guard let value = Precision(rawValue: text) else {
            throw InputError("unknown name", at: "--precision", expected: "auto, f32 or bf16", found: "'\(text)'")
        }
        self = value
    }
}
