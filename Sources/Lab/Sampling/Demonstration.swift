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

    /// Model, sentences, samples of each, and whether to show what became of them on the way.
    private static let programme: [(model: String, prompts: [String], count: Int, isFilmed: Bool)] = [
        ("shapes-dit", shapes, 4, false),
        ("emoji-dit", ["cat face", "blue heart", "automobile", "red apple"], 4, false),
        ("shapes-token-critic", shapes, 1, true),
    ]

    /// Returns what to tell the person at the end.
    public func run() throws -> [String] {
        try Folder.create(out)
        var lines: [String] = []
        for (name, prompts, count, isFilmed) in Self.programme {
            let folder = try Assets.model(name)
            var request = SampleRequest()
            request.prompts = prompts
            request.seeds = (0..<UInt64(count)).map { $0 }
            let sheet = "\(out)/\(name).png"
            try Sampling(model: folder).run(
                request, out: "\(out)/\(name)", grid: isFilmed ? nil : sheet, film: isFilmed ? sheet : nil, quiet: quiet)
            lines.append(
                isFilmed
                    ? "\(sheet)   \(prompts.count) sentences on their way from masks to pictures, and what a critic thought, by \(name)"
                    : "\(sheet)   \(prompts.count) sentences, \(count) samples each, by \(name)")
        }
        return lines + [
            "",
            "Next: latentlab sample shapes-dit --prompt \"a pink ring below a cyan cross on a black background\" --out mine.png",
        ]
    }
}
