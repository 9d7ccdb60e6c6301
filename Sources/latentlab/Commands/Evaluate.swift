import ArgumentParser
import LatentLab

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Measure a model: \(Evaluation.metrics.joined(separator: ", ")).")

    @Argument(help: "A model directory, or the name of a shipped model; for nll also a .txt or .jsonl file of samples.")
    var model: String
    @Option(help: ArgumentHelp("Comma-separated: \(Evaluation.metrics.joined(separator: ", ")).")) var metrics: String
    @Option(help: "train, held-out or, of emoji, all.") var split = "held-out"
    @Option(help: "Captions or pictures to judge.") var count = 400
    @Option(help: "Seed of the captions and of the first sample.") var seed = 0
    @Option(
        help:
            "Data set: shapes, soundscapes, either with -singles, emoji, points as ring, or a folder of sounds; told by the name if left out."
    )
    var data: String?
    @OptionGroup var how: SamplerOptions
    @Option(help: "Samples computed together.") var batch = 16
    @Option(help: "Also a grid of the first samples, or of originals above reconstructions.") var grid: String?
    @Option(
        help:
            "Feature network: a model directory, the name of a shipped one, or a folder with weights of VGG16, VGGish or Melception; the one that ships for pictures or sounds when left out."
    )
    var features: String?
    @Option(
        help:
            "For nll: a language model of autoregressive-text, best trained on other sentences than the model, with another seed."
    )
    var judge: String?
    @Flag(help: "One JSON object.") var json = false
    @OptionGroup var machine: MachineOptions

    func run() throws {
        try machine.apply()
        try bounded(count, 1...1_000_000, "--count")
        try bounded(seed, 0...Int.max - 1_000_000, "--seed")
        try bounded(batch, 1...4096, "--batch")
        var request = try how.request()
        request.batch = batch
        let evaluation = Evaluation(
            model: try Assets.model(model), data: data, split: split, count: count, seed: seed, request: request, grid: grid,
            network: features, judge: try judge.map(Assets.model), quiet: machine.quiet)
        let results = try evaluation.run(metrics.split(separator: ",").map(String.init))
        if json {
            try Console.print(JSON.object(results.map { ($0.name, JSON($0.value)) }).encoded())
        } else {
            for result in results { try Console.print("\(result.name): \(result.text)") }
        }
    }
}
