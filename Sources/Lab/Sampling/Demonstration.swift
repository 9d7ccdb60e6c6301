import Media
import Systems
import Tensors
import Training

/// `make demo`: pictures, sounds and sentences by every shipped model that makes them.
public struct Demonstration {
    let out: String
    let quiet: Bool

    public init(out: String, quiet: Bool) {
        self.out = out
        self.quiet = quiet
    }

    private static let shapes = [
        "a large red circle on a white background", "a small blue triangle on a black background",
        "a green square left of a yellow ring on a gray background",
        "a purple cross above a orange circle on a white background",
    ]

    /// A model's turn: its sentences, samples of each, and how they are shown together.
    private struct Turn {
        enum Sheet { case grid, film, spectrograms, sentences }

        let model: String
        var prompts: [String] = []
        /// Files of the emoji that a model is told.
        var pictures: [String] = []
        var count: UInt64 = 4
        var sheet = Sheet.grid

        func line(_ file: String) -> String {
            switch sheet {
            case .grid: "\(file)   \(prompts.count) sentences, \(count) samples each, by \(model)"
            case .film:
                "\(file)   \(prompts.count) sentences on their way from masks to pictures, and what a critic thought, by \(model)"
            case .spectrograms: "\(file)   spectrograms of \(prompts.count) sounds, which lie in a folder beside it, by \(model)"
            case .sentences: "\(file)   by \(model):"
            }
        }
    }

    private static let programme = [
        Turn(model: "shapes-dit", prompts: shapes),
        Turn(model: "emoji-dit", prompts: ["cat face", "blue heart", "automobile", "red apple"]),
        Turn(model: "emoji-vq-diffusion", prompts: ["red apple", "red heart", "grinning face", "dog face"]),
        Turn(model: "shapes-token-critic", prompts: shapes, count: 1, sheet: .film),
        Turn(
            model: "soundscapes-diffsound", prompts: ["three short high beeps, then a low hum", "a siren, then two clicks"],
            count: 1, sheet: .spectrograms),
        Turn(model: "sentences-ld4lg", count: 6, sheet: .sentences),
        Turn(
            model: "emoji-captions-bits", pictures: ["1f431", "1f499", "1f697", "1f34e"], count: 1, sheet: .sentences),
    ]

    /// Returns what to tell the person at the end.
    public func run() throws -> [String] {
        try Folder.create(out)
        var lines: [String] = []
        for turn in Self.programme {
            var request = SampleRequest()
            request.prompts = turn.prompts
            request.seeds = Array(0..<turn.count)
            request.pictures = try turn.pictures.map { name in
                (name, try Picture.read("\(Assets.folder)/datasets/emoji/pictures/\(name).png"))
            }
            let speaks = turn.sheet == .sentences
            let sheet = "\(out)/\(turn.model)" + (speaks ? ".jsonl" : ".png")
            try Sampling(model: try Assets.model(turn.model)).run(
                request, out: speaks ? sheet : "\(out)/\(turn.model)", grid: turn.sheet == .grid ? sheet : nil,
                film: turn.sheet == .film ? sheet : nil,
                spectrogram: turn.sheet == .spectrograms ? sheet : nil, quiet: quiet)
            lines.append(turn.line(sheet))
            if speaks { lines += try Self.said(in: sheet) }
        }
        return lines + [
            "",
            "Next: latentlab sample shapes-dit --prompt \"a pink ring below a cyan cross on a black background\" --out mine.png",
            "      latentlab sample soundscapes-diffsound --prompt \"two sirens, then a burst\" --out mine.wav",
            "      latentlab sample sentences-ld4lg --count 8 --watch --out mine.jsonl",
        ]
    }

    /// What a model was told and said, line by line.
    private static func said(in file: String) throws -> [String] {
        try AtomicFile.readText(file).split(separator: "\n").map { line in
            let row = try JSON.parse(String(line), file: file)
            let told = row["prompt"]?.string.map { $0 + " | " } ?? ""
            return "    " + told + (row["text"]?.string ?? "")
        }
    }
}
