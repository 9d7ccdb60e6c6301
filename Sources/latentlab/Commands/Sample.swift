import ArgumentParser
import LatentLab

struct Sample: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Draw from a model: pictures from sentences.")

    @Argument(help: "A model directory, or the name of a shipped model.") var model: String
    @Option(help: "A sentence; may be repeated.") var prompt: [String] = []
    @Option(help: "A file with one sentence a line.") var promptsFile: String?
    @Option(name: .customLong("class"), help: "A class number; may be repeated.") var classes: [Int] = []
    @Option(help: "A sentence to stay away from.") var negative: String?
    @Option(help: "Samples for each sentence.") var count = 1
    @Option(help: "Seed of the first sample; the others follow.") var seed = 0
    @Option(help: "Samples computed together; changes no byte.") var batch = 8
    @OptionGroup var how: SamplerOptions
    @Option(help: "How the times of the steps are spaced.") var spacing: String?
    @Option(help: "Noise of DDIM, 0 to 1.") var eta: Double?
    @Option(help: "A picture to start from.") var `init`: String?
    @Option(help: "How much of the way from noise is gone with --init, 0 to 1.") var strength = 0.6
    @Option(help: "White where the --init picture may change.") var mask: String?
    @Option(help: "A folder, or one file.") var out = "samples"
    @Option(help: "Also a grid of all samples, a row for each sentence.") var grid: String?
    @Option(help: "Also a film strip: a row for each sample, what it looked like on the way.") var film: String?
    @Option(help: "Of tokens: pixels of a larger picture, as 96x64.") var size: String?
    @OptionGroup var machine: MachineOptions

    func run() throws {
        try machine.apply()
        let sampling = Sampling(model: try Assets.model(model))
        try sampling.run(try request(), out: out, grid: grid, film: film, quiet: machine.quiet)
    }

    private func request() throws -> SampleRequest {
        try bounded(count, 1...1_000_000, "--count")
        try bounded(seed, 0...Int.max - 1_000_000, "--seed")
        try bounded(batch, 1...4096, "--batch")
        try bounded(eta, 0...1, "--eta")
        try bounded(strength, 0...1, "--strength")
        var request = try how.request()
        request.prompts = prompt
        if let promptsFile {
            request.prompts += try AtomicFile.readText(promptsFile).split(separator: "\n").map(String.init)
        }
        request.classes = classes
        request.negative = negative
        request.seeds = (0..<count).map { UInt64(seed + $0) }
        request.batch = batch
        if let spacing {
            guard let known = Spacing(rawValue: spacing) else {
                let names = Spacing.allCases.map(\.rawValue)
                throw InputError(
                    "unknown spacing", at: "--spacing", expected: "one of " + names.joined(separator: ", "),
                    found: "'\(spacing)'",
                    hint: nearestName(to: spacing, among: names).map { "did you mean '\($0)'?" })
            }
            request.spacing = known
        }
        request.size = try size.map { text in
            let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
            guard sides.count == 2, sides.allSatisfy({ 1...4096 ~= $0 }) else {
                throw InputError("is no size", at: "--size", expected: "width and height in pixels, as 96x64", found: "'\(text)'")
            }
            return PictureSize(width: sides[0], height: sides[1])
        }
        request.eta = eta
        request.start = try `init`.map { try Picture.read($0) }
        request.strength = strength
        if mask != nil && `init` == nil {
            throw InputError("needs a picture to change", at: "--mask", expected: "--init FILE beside it")
        }
        request.mask = try mask.map { try Picture.read($0) }
        return request
    }
}
