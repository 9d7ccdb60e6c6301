import Media
import Systems
import Tensors
import Training

/// `latentlab sample` of a model whose samples are points: they are kept together, as numbers and as a scatter plot.
struct PointSampling {
    let system: any GenerativeSystem
    let request: SampleRequest
    /// What determines the points, besides their seeds.
    let facts: [(String, String)]

    /// - Parameter out: a folder for `points.jsonl` and `points.png`, or one file of either kind.
    func run(out: String, grid: String?, quiet: Bool) throws {
        let name = out.lowercased()
        let isFile = name.hasSuffix(".png") || name.hasSuffix(".jsonl")
        if !isFile, let dot = name.lastIndex(of: "."),
            ["jpg", "jpeg", "wav", "flac", "ogg", "txt"].contains(name[dot...].dropFirst())
        {
            throw InputError("is no file for points", at: "--out \(out)", expected: "a folder, a .png or a .jsonl file")
        }
        if isFile { try OutputPath.check(out) } else { try Folder.create(out) }
        if let grid { try OutputPath.check(grid) }
        let total = max(1, request.classes.count) * request.seeds.count
        let bar = ProgressBar("sampling", total: total, unit: "point", quiet: quiet)
        var samples: [Sample] = []
        try system.sample(request) { sample in
            samples.append(sample)
            bar.update(samples.count)
        }
        bar.finish()
        if !isFile || name.hasSuffix(".jsonl") {
            try AtomicFile.write(Self.lines(samples), to: isFile ? out : out + "/points.jsonl")
        }
        let png = plot(samples).png(text: facts + [("seeds", seeds)])
        if !isFile || name.hasSuffix(".png") { try AtomicFile.write(png, to: isFile ? out : out + "/points.png") }
        if let grid { try AtomicFile.write(png, to: grid) }
    }

    private static func lines(_ samples: [Sample]) -> String {
        samples.map { sample in
            sample.line("point", .array((sample.points?.values ?? []).map { .number(Double($0)) }))
        }.joined()
    }

    private var seeds: String {
        guard let first = request.seeds.first, let last = request.seeds.last else { return "" }
        return first == last ? "\(first)" : "\(first)-\(last)"
    }

    /// One panel for each class asked for.
    private func plot(_ samples: [Sample]) -> Picture {
        let groups = Dictionary(grouping: samples, by: \.promptIndex).sorted { $0.key < $1.key }
        return ScatterPlot(
            panels: groups.map { _, members in
                .init(members[0].prompt ?? "\(members.count) points", members.compactMap { $0.points?.values })
            }
        ).drawing.picture(scale: 1)
    }
}
