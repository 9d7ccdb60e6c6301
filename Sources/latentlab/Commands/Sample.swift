import ArgumentParser
import LatentLab

struct Sample: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Draw from a model: pictures, sounds or sentences, from sentences.")

    @Argument(help: "A model directory, or the name of a shipped model.") var model: String
    @Option(help: "A sentence; may be repeated.") var prompt: [String] = []
    @Option(help: "A file with one sentence a line.") var promptsFile: String?
    @Option(help: "A sentence to be made into another; may be repeated.") var source: [String] = []
    @Option(help: "A picture to be told about; may be repeated.") var picture: [String] = []
    @Option(help: "A sentence with blanks, a _ for each token of one: 'the ___ sat'; may be repeated.") var infill: [String] = []
    @Option(name: .customLong("class"), help: "A class number; may be repeated.") var classes: [Int] = []
    @Option(help: "A sentence to stay away from.") var negative: String?
    @Option(help: "Samples for each sentence.") var count = 1
    @Option(help: "Seed of the first sample; the others follow.") var seed = 0
    @Option(help: "Samples computed together; changes no byte.") var batch = 8
    @OptionGroup var how: SamplerOptions
    @Option(help: "How the times of the steps are spaced.") var spacing: String?
    @Option(help: "Noise of DDIM, 0 to 1.") var eta: Double?
    @Option(help: "A picture or a sound to start from.") var `init`: String?
    @Option(help: "How much of the way from noise is gone with --init, 0 to 1.") var strength = 0.6
    @Option(help: "White where the --init picture may change.") var mask: String?
    @Option(help: "Seconds between which the --init sound may change, as 2-4; 2- goes on after two.") var span: String?
    @Option(help: "A folder, or one file.") var out = "samples"
    @Option(help: "Also a grid of all samples, a row for each sentence.") var grid: String?
    @Option(help: "Also a film strip: a row for each sample, what it looked like on the way.") var film: String?
    @Flag(help: "Of sentences: show in the terminal what becomes of them.") var watch = false
    @Option(help: "Of sounds: also their spectrograms, one above the other.") var spectrogram: String?
    @Option(help: "Of tokens: pixels of a larger picture, as 96x64.") var size: String?
    @Option(help: "Of tokens: length of a longer sound.") var seconds: Double?
    @OptionGroup var machine: MachineOptions

    func run() throws {
        try machine.apply()
        let sampling = Sampling(model: try Assets.model(model))
        try sampling.run(
            try request(), out: out, grid: grid, film: film, spectrogram: spectrogram, watches: watch, quiet: machine.quiet)
    }

    private func request() throws -> SampleRequest {
        try bounded(count, 1...1_000_000, "--count")
        try bounded(seed, 0...Int.max - 1_000_000, "--seed")
        try bounded(batch, 1...4096, "--batch")
        try bounded(eta, 0...1, "--eta")
        try bounded(strength, 0...1, "--strength")
        var request = try how.request()
        if !source.isEmpty { try refuse(prompt.first ?? promptsFile, "--prompt", beside: "--source") }
        request.prompts = prompt + source
        request.rewrites = !source.isEmpty
        if let promptsFile {
            request.prompts += try AtomicFile.readText(promptsFile).split(separator: "\n").map(String.init)
        }
        request.classes = classes
        request.infills = infill
        request.pictures = try picture.map { (name: $0, picture: try Picture.read($0)) }
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
        request.start = try `init`.map { path in
            SoundReader.isSound(path) ? .sound(try Sound.read(path)) : .picture(try Picture.read(path))
        }
        request.strength = strength
        request.free = try freePart()
        request.seconds = seconds
        return request
    }

    private func freePart() throws -> FreePart? {
        guard let option = mask != nil ? "--mask" : span != nil ? "--span" : nil else { return nil }
        if `init` == nil { throw InputError("needs something to change", at: option, expected: "--init FILE beside it") }
        if let mask {
            try refuse(span, "--span", beside: "--mask")
            return .mask(try Picture.read(mask))
        }
        let ends = (span ?? "").split(separator: "-", omittingEmptySubsequences: false).map { Double($0) }
        let last = span?.hasSuffix("-") == true ? .infinity : ends.last ?? nil
        guard ends.count == 2, let first = ends[0], let last, first >= 0, first < last else {
            throw InputError("is no span of time", at: "--span", expected: "seconds, as 2-4 or 2-", found: "'\(span ?? "")'")
        }
        return .span(first...last)
    }

    private func refuse(_ value: String?, _ option: String, beside other: String) throws(InputError) {
        guard let value else { return }
        throw InputError("cannot stand beside \(other)", at: option, expected: "one of them", found: "'\(value)'")
    }
}
