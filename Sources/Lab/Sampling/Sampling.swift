import Foundation
import Media
import Systems
import Tensors
import Training

/// `latentlab sample`: draws, and writes files whose content depends on the model and the request alone.
public struct Sampling {
    public let model: String

    public init(model: String) { self.model = model }

    /// - Parameters:
    ///   - out: a folder for `<prompt index>-<seed>.png`, `.wav` or `.txt`, or one file.
    ///   - grid: one picture of all samples, a row for each prompt; of sounds their spectrograms, one above the other.
    ///   - film: one picture of what became of each sample on the way, a row for each.
    ///   - spectrogram: of sounds, the same as `grid`.
    ///   - watches: shows in the terminal what becomes of sentences.
    public func run(
        _ request: SampleRequest, out: String, grid: String?, film: String? = nil, spectrogram: String? = nil,
        watches: Bool = false, quiet: Bool
    ) throws {
        let loaded = try ModelDirectory.load(model)
        guard let system = loaded.system as? any GenerativeSystem else {
            throw InputError("this model does not generate", at: model, found: type(of: loaded.system).name)
        }
        if system.medium != .text {
            try request.refuse(
                [("--watch", watches ? "it" : nil), ("--source", request.rewrites ? "one" : nil)], of: "sentences")
        }
        if system.medium == .point {
            try request.refuse([("--film", film)], of: "pictures")
            return try PointSampling(system: system, request: request, facts: Self.facts(loaded, system, request))
                .run(out: out, grid: grid, quiet: quiet)
        }
        if system.medium == .sound {
            return try SoundSampling(system: system, request: request, facts: Self.facts(loaded, system, request))
                .run(out: out, sheets: [grid, spectrogram].compactMap { $0 }, film: film, quiet: quiet)
        }
        try request.refuse([("--spectrogram", spectrogram)], of: "sounds")
        if system.medium == .text {
            try request.refuse([("--grid", grid), ("--film", film)], of: "pictures")
            return try TextSampling(system: system, request: request).run(out: out, watches: watches, quiet: quiet)
        }
        let destination = try SampleDestination(
            out, isFile: out.lowercased().hasSuffix(".png"), total: request.total, noun: "picture",
            expecting: "a folder, or --grid",
            beside: [grid, film])
        defer { destination.close() }
        var request = request
        var strip = FilmStrip()
        if film != nil { request.film = Film { strip.add($0) } }
        let bar = ProgressBar("sampling", total: request.total, unit: "sample", quiet: quiet)
        var pictures: [Picture] = []
        var captions: [String] = []
        try system.sample(request) { sample in
            guard let picture = sample.picture else { return }
            var text = Self.facts(loaded, system, request) + [("seed", "\(sample.seed)")]
            if let prompt = sample.prompt { text.append(("prompt", prompt)) }
            try AtomicFile.write(picture.png(text: text), to: destination.path(of: sample, "png"))
            pictures.append(picture)
            captions.append(sample.prompt ?? "seed \(sample.seed)")
            bar.update(pictures.count)
        }
        bar.finish()
        if let grid {
            let sheet = Picture.grid(
                pictures, columns: min(8, request.seeds.count > 1 ? request.seeds.count : pictures.count),
                padding: 4, scale: max(1, 128 / pictures[0].width), captions: captions)
            try AtomicFile.write(sheet.png(text: []), to: grid)
        }
        if let film, let picture = strip.picture { try AtomicFile.write(picture.png(text: []), to: film) }
    }

    /// What determines a sample's content besides its seed and sentence, and nothing else.
    private static func facts(
        _ loaded: ModelDirectory.Loaded, _ system: any GenerativeSystem, _ request: SampleRequest
    ) -> [(String, String)] {
        var facts = [
            ("latentlab", Version.current), ("model", loaded.fingerprint),
            ("sampler", request.sampler ?? system.sampling.sampler), ("steps", "\(request.steps ?? system.sampling.steps)"),
            ("cfg_scale", "\(request.guidance ?? system.sampling.guidance)"),
        ]
        if let negative = request.negative { facts.append(("negative", negative)) }
        if let eta = request.eta { facts.append(("eta", "\(eta)")) }
        if let truncation = request.truncation { facts.append(("truncation", "\(truncation)")) }
        if let temperature = request.temperature { facts.append(("temperature", "\(temperature)")) }
        if let candidates = request.candidates { facts.append(("candidates", "\(candidates)")) }
        if let spacing = request.spacing { facts.append(("spacing", spacing.rawValue)) }
        if let size = request.size { facts.append(("size", "\(size)")) }
        if let seconds = request.seconds { facts.append(("seconds", "\(seconds)")) }
        if let start = request.start {
            facts.append(("init", start.fingerprint))
            switch request.free {
            case .mask(let picture): facts.append(("mask", SHA256.hex(picture.pixels)))
            case .span(let span): facts.append(("span", "\(span.lowerBound)-\(span.upperBound)"))
            case nil: facts.append(("strength", "\(request.strength)"))
            }
        }
        return facts
    }
}
