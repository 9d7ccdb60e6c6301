import ArgumentParser
import LatentLab

struct Data: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at data sets.", subcommands: [Captions.self, Show.self])

    struct Captions: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print sentences of a split, one a line.")
        @Argument(help: "shapes, emoji or soundscapes.") var kind: String
        @Option(help: "train, held-out or, of emoji, all.") var split = "train"
        @Option(help: "How many.") var count = 10
        @Option(help: "Which ones.") var seed = 0

        func run() throws {
            for caption in try DataSection.captions(kind, split: split, count: count, seed: seed) { try Console.print(caption) }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A contact sheet of a data set's first examples, spectrograms of sounds.")
        @Argument(help: "shapes, emoji or soundscapes, or a mixture of points such as ring.") var kind: String
        @Option(help: "train, held-out or, of emoji, all.") var split = "train"
        @Option(help: "How many.") var count = 24
        @Option(help: "A PNG file; or .wav, .flac or .ogg for one sound to listen to.") var out = "sheet.png"

        func run() throws {
            try DataSheet(kind, split: split, count: count).write(to: out)
        }
    }
}
