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
            abstract: "A contact sheet of a data set's first examples, spectrograms of sounds, lines of sentences.")
        @Argument(help: "shapes, emoji or soundscapes, sentences such as copy or lines.txt, or points such as ring.") var kind:
            String
        @Option(help: "train, held-out or, of emoji, all.") var split = "train"
        @Option(help: "How many.") var count = 24
        @Option(
            help:
                "A PNG file, sheet.png when not given; .wav, .flac or .ogg for one sound to listen to; .txt or .tsv for sentences."
        )
        var out: String?

        func run() throws {
            let sheet = try DataSheet(kind, split: split, count: count)
            if out == nil, let lines = sheet.lines { return try lines.forEach { try Console.print($0) } }
            try sheet.write(to: out ?? "sheet.png")
        }
    }
}
