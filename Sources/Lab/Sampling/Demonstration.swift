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

    /// Model, sentences, and samples of each.
    private static let programme: [(model: String, prompts: [String], count: Int)] = [
        (
            "shapes-dit",
            [
                "a large red circle on a white background", "a small blue triangle on a black background",
                "a green square left of a yellow ring on a gray background",
                "a purple cross above a orange circle on a white background",
            ], 4
        ),
        ("emoji-dit", ["cat face", "blue heart", "automobile", "red apple"], 4),
    ]

    /// Returns what to tell the person at the end.
    public func run() throws -> [String] {
        try Folder.create(out)
        var lines: [String] = []
        for (name, prompts, count) in Self.programme {
            let folder = try Assets.model(name)
            var request = SampleRequest()
            request.prompts = prompts
            request.seeds = (0..<UInt64(count)).map { $0 }
            try Sampling(model: folder).run(request, out: "\(out)/\(name)", grid: "\(out)/\(name).png", quiet: quiet)
            lines.append("\(out)/\(name).png   \(prompts.count) sentences, \(count) samples each, by \(name)")
        }
        return lines + [
            "",
            "Next: latentlab sample shapes-dit --prompt \"a pink ring below a cyan cross on a black background\" --out mine.png",
        ]
    }
}
