import Media
import Systems
import Tensors
import Training

/// `make demo`: pictures from sentences by every shipped text-to-image model.
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
        enum Sheet { case grid, film }

        let model: String
        let prompts: [String]
        var count: UInt64 = 4
        var sheet = Sheet.grid

        func line(_ file: String) -> String {
            switch sheet {
            case .grid: "\(file)   \(prompts.count) sentences, \(count) samples each, by \(model)"
            case .film:
                "\(file)   \(prompts.count) sentences on their way from masks to pictures, and what a critic thought, by \(model)"
            }
        }
    }

    private static let programme = [
        Turn(model: "shapes-dit", prompts: shapes),
        Turn(model: "emoji-dit", prompts: ["cat face", "blue heart", "automobile", "red apple"]),
        Turn(model: "emoji-vq-diffusion", prompts: ["red apple", "red heart", "grinning face", "dog face"]),
        Turn(model: "shapes-token-critic", prompts: shapes, count: 1, sheet: .film),
    ]

    /// Returns what to tell the person at the end.
    public func run() throws -> [String] {
        try Folder.create(out)
        var lines: [String] = []
        for turn in Self.programme {
            var request = SampleRequest()
            request.prompts = turn.prompts
            request.seeds = Array(0..<turn.count)
            let sheet = "\(out)/\(turn.model).png"
            try Sampling(model: try Assets.model(turn.model)).run(
                request, out: "\(out)/\(turn.model)", grid: turn.sheet == .film ? nil : sheet,
                film: turn.sheet == .film ? sheet : nil, quiet: quiet)
            lines.append(turn.line(sheet))
        }
        return lines + [
            "",
            "Next: latentlab sample shapes-dit --prompt \"a pink ring below a cyan cross on a black background\" --out mine.png",
        ]
    }
}
