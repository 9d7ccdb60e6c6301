import Codecs
import Media
import Metrics
import Networks
import Systems
import Tensors
import Training

/// `latentlab eval`: numbers about a model, each with the count it was taken over.
public struct Evaluation {
    public static let metrics = [
        "alignment", "nearest-own", "reconstruction", "modes", "mmd", "features", "accuracy", "likelihood",
        "speed", "vocoder", "answers", "diversity", "nll", "retrieval",
    ]

    public struct Result: Sendable {
        public var name: String
        public var value: Double
        public var text: String
    }

    let model: String
    let data: String?
    let split: String
    let count: Int
    let seed: Int
    let request: SampleRequest
    let grid: String?
    /// The feature network, by path or shipped name; the one that ships when nil.
    let network: String?
    /// The model that says how likely sentences are, where a metric asks one.
    let judge: String?
    let quiet: Bool

    /// - Parameter model: a model directory; of `nll` also a `.txt` or `.jsonl` file of samples.
    public init(
        model: String, data: String?, split: String, count: Int, seed: Int, request: SampleRequest, grid: String?,
        network: String? = nil, judge: String? = nil, quiet: Bool
    ) {
        self.model = model
        self.data = data
        self.split = split
        self.count = count
        self.seed = seed
        self.request = request
        self.grid = grid
        self.network = network
        self.judge = judge
        self.quiet = quiet
    }

    public func run(_ names: [String]) throws -> [Result] {
        for name in names where !Self.metrics.contains(name) {
            throw InputError(
                "unknown metric", at: "--metrics", expected: "some of " + Self.metrics.joined(separator: ", "),
                found: "'\(name)'",
                hint: nearestName(to: name, among: Self.metrics).map { "did you mean '\($0)'?" })
        }
        if let texts = try samples(inFile: model) {
            return try names.flatMap { name in
                guard name == "nll" else {
                    throw InputError("asks a model, and samples are given", at: "--metrics", expected: "nll", found: "'\(name)'")
                }
                return try judged(texts, beside: examples(texts.count))
            }
        }
        let loaded = try ModelDirectory.load(model)
        return try names.flatMap { name in
            switch name {
            case "alignment": try alignment(generator(loaded))
            case "modes": try modes(generator(loaded))
            case "mmd": try discrepancy(generator(loaded))
            case "nearest-own": try nearestOwn(generator(loaded))
            case "features": try features(generator(loaded))
            case "accuracy": try accuracy(loaded)
            case "likelihood": try likelihood(loaded.system)
            case "speed": try speed(generator(loaded))
            case "vocoder": try vocoder(loaded)
            case "answers": try answers(generator(loaded))
            case "diversity": try diversity(generator(loaded))
            case "nll": try judged(generator(loaded))
            case "retrieval": try retrieval(loaded)
            default: try reconstruction(loaded)
            }
        }
    }

    private func generator(_ loaded: ModelDirectory.Loaded) throws -> any GenerativeSystem {
        guard let system = loaded.system as? any GenerativeSystem else {
            throw InputError("this model does not generate", at: model, found: type(of: loaded.system).name)
        }
        return system
    }

    var kind: String { data ?? ["emoji", "soundscapes"].first { model.contains($0) } ?? "shapes" }

    /// One sample for each caption, with seeds `seed`, `seed + 1`, ..., in order.
    func draw(_ system: any GenerativeSystem, _ captions: [String]) throws -> [Sample] {
        try draw(system, of: captions.count) { $0.prompts = Array(captions[$1]) }
    }

    /// One sample for each of so many things that it is told, `tell` saying which of them a request is about.
    func draw(
        _ system: any GenerativeSystem, of total: Int, tell: (inout SampleRequest, Range<Int>) throws -> Void
    ) throws -> [Sample] {
        let bar = ProgressBar("sampling", total: total, unit: "sample", quiet: quiet)
        var samples: [Sample] = []
        for range in pieces(total, of: request.batch) {
            var part = request
            try tell(&part, range)
            part.seeds = [UInt64(seed + range.lowerBound)]
            try system.sample(part) { samples.append($0) }
            bar.update(samples.count)
        }
        bar.finish()
        return samples
    }

    /// The first samples with what they were told, where a grid is wanted.
    func writeGrid(_ samples: [Sample], _ captions: [String]) throws {
        let pictures = samples.prefix(64).compactMap(\.shown)
        guard let grid, !pictures.isEmpty else { return }
        let sheet = Picture.grid(
            pictures, columns: 8, padding: 4, scale: max(1, 128 / pictures[0].width),
            captions: Array(captions.prefix(64)))
        try AtomicFile.write(sheet.png(text: []), to: grid)
    }

    /// The first picture of a data set of pictures.
    func picture(of dataset: any Dataset) throws -> Picture {
        let first = try dataset.example(0, epoch: 0)
        guard let picture = first.picture else {
            throw InputError("has no pictures to encode", at: "--data \(kind)", found: first.name)
        }
        return picture
    }
}
