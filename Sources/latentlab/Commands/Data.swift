import ArgumentParser
import LatentLab

struct Data: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at data sets.", subcommands: [Captions.self, Show.self])

    struct Captions: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print sentences of a split, one a line.")
        @Argument(help: "shapes or emoji.") var kind: String
        @Option(help: "train, held-out or, of emoji, all.") var split = "train"
        @Option(help: "How many.") var count = 10
        @Option(help: "Which ones.") var seed = 0

        func run() throws {
            for caption in try DataSection.captions(kind, split: split, count: count, seed: seed) { try Console.print(caption) }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A contact sheet of a data set's first examples.")
        @Argument(help: "shapes or emoji, or a mixture of points such as ring.") var kind: String
        @Option(help: "train, held-out or, of emoji, all.") var split = "train"
        @Option(help: "How many.") var count = 24
        @Option(help: "A PNG file.") var out = "sheet.png"

        func run() throws {
            guard (1...4096).contains(count) else {
                throw InputError("out of range", at: "--count", expected: "1 to 4096", found: "\(count)")
            }
            let dataset = try DataSection.named(kind, split: split)
            let examples = try (0..<min(count, dataset.count)).map { try dataset.example($0, epoch: 0) }
            let points = examples.compactMap(\.point)
            if !points.isEmpty {
                try ScatterPlot(panels: [.init("\(points.count) points", points)]).drawing.picture(scale: 1).write(to: out)
                return
            }
            let sheet = Picture.grid(
                examples.compactMap(\.picture), columns: 6, scale: 2, captions: examples.map { $0.caption ?? $0.name })
            try sheet.write(to: out)
        }
    }
}
