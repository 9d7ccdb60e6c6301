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
        "speed",
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
    let quiet: Bool

    public init(
        model: String, data: String?, split: String, count: Int, seed: Int, request: SampleRequest, grid: String?,
        network: String? = nil, quiet: Bool
    ) {
        self.model = model
        self.data = data
        self.split = split
        self.count = count
        self.seed = seed
        self.request = request
        self.grid = grid
        self.network = network
        self.quiet = quiet
    }

    public func run(_ names: [String]) throws -> [Result] {
        for name in names where !Self.metrics.contains(name) {
            throw InputError(
                "unknown metric", at: "--metrics", expected: "some of " + Self.metrics.joined(separator: ", "),
                found: "'\(name)'",
                hint: nearestName(to: name, among: Self.metrics).map { "did you mean '\($0)'?" })
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

    var kind: String { data ?? (model.contains("emoji") ? "emoji" : "shapes") }

    /// One sample for each caption, with seeds `seed`, `seed + 1`, ...: its pictures in order.
    func draw(_ system: any GenerativeSystem, _ captions: [String]) throws -> [Picture] {
        let bar = ProgressBar("sampling", total: captions.count, unit: "sample", quiet: quiet)
        var pictures: [Picture] = []
        for first in stride(from: 0, to: captions.count, by: request.batch) {
            var part = request
            part.prompts = Array(captions[first..<min(first + request.batch, captions.count)])
            part.seeds = [UInt64(seed + first)]
            try system.sample(part) { if let picture = $0.picture { pictures.append(picture) } }
            bar.update(pictures.count)
        }
        bar.finish()
        return pictures
    }

    /// The first samples with what they were told, where a grid is wanted.
    func writeGrid(_ pictures: [Picture], _ captions: [String]) throws {
        guard let grid, !pictures.isEmpty else { return }
        let sheet = Picture.grid(
            Array(pictures.prefix(64)), columns: 8, padding: 4, scale: max(1, 128 / pictures[0].width),
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

    /// PSNR, SSIM and, for tokens, codebook use over examples of the split; of shapes also how many the checker still reads.
    private func reconstruction(_ loaded: ModelDirectory.Loaded) throws -> [Result] {
        let codec: any Codec
        switch loaded.system {
        case let system as any CodecSystem: codec = system.codec
        case let system as any LatentSystem: codec = system.frozenCodec
        default: throw InputError("this model has no codec", at: model, found: type(of: loaded.system).name)
        }
        let dataset = try DataSection.named(kind, split: split)
        let total = min(count, dataset.count)
        try fits(picture(of: dataset), codec)
        var seen = try SeenPairs(network, codec)
        var (psnr, ssim, read) = (0.0, 0.0, 0)
        var used: CodebookUsage?
        for first in stride(from: 0, to: total, by: 16) {
            let examples = try (first..<min(first + 16, total)).map { try dataset.example($0, epoch: 0) }
            let x = Tensor(examples.compactMap(\.picture))
            let encoding = withoutGradients { codec.encode(x) }
            let y = withoutGradients { codec.decode(encoding) }.clamped(-1, 1)
            psnr += PictureDifference.psnr(y, x).reduce(0, +)
            ssim += PictureDifference.ssim(y, x).reduce(0, +)
            seen?.add(x, y)
            if kind == "shapes" {
                read += zip(y.pictures, examples).count { ShapesChecker.matches($0, $1.caption ?? "") }
            }
            if case .tokens(let tokens) = encoding, case .tokens(let codes) = codec.latents.kind {
                if used == nil { used = CodebookUsage(codes: codes) }
                used!.add(tokens)
            }
        }
        var results = [
            Result(
                name: "psnr", value: psnr / Double(total),
                text: String(format2: psnr / Double(total)) + " dB over \(total) \(split) pictures"),
            Result(name: "ssim", value: ssim / Double(total), text: String(format2: ssim / Double(total))),
        ]
        if kind == "shapes" {
            results.append(
                Result(
                    name: "read-back", value: Double(read) / Double(total),
                    text: "\(read) of \(total) read as their captions: no generator in these latents can do better"))
        }
        if let used {
            results.append(
                Result(name: "codes-used", value: used.usedShare, text: String(format2: 100 * used.usedShare) + " % of codes"))
            results.append(Result(name: "perplexity", value: used.perplexity, text: String(format2: used.perplexity)))
        }
        if total > 1, let seen { results.append(seen.result) }
        return results
    }
}

extension String {
    /// Two decimals.
    fileprivate init(format2 value: Double) {
        let hundredths = Int((value * 100).rounded())
        self =
            "\(hundredths < 0 ? "-" : "")\(abs(hundredths) / 100).\(abs(hundredths) % 100 < 10 ? "0" : "")\(abs(hundredths) % 100)"
    }
}
