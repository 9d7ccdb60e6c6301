import Media
import Systems
import Tensors

/// What a run shows of itself: samples of a generator and how they came to be, originals beside what a codec or a vocoder makes of them.
struct Preview {
    var sheet: Picture?
    /// Sentences, a line each.
    var lines: [String] = []
    /// How the first sample of every prompt emerged.
    var film: Picture?

    static func of(_ experiment: Experiment) throws -> Preview? {
        switch experiment.system {
        case let system as any GenerativeSystem: try samples(system, experiment)
        case let system as any CodecSystem: try reconstructions(system, experiment)
        case let system as any VocoderSystem: try Preview(sheet: spoken(system.vocoder, experiment))
        default: nil
        }
    }

    /// Spectrograms of the first sounds, each followed by that of the sound that was made of it.
    private static func spoken(_ vocoder: any Vocoder, _ experiment: Experiment) throws -> Picture {
        let mel = MelSpectrogram(vocoder.settings)
        let panels = try (0..<min(3, experiment.dataset.count)).flatMap { index in
            let example = try experiment.dataset.example(index, epoch: 0)
            guard let sound = example.sound else { throw InputError("has no sound", at: "data.train", found: example.name) }
            let spectrogram = mel(sound)
            let made = mel(vocoder.sound(of: spectrogram, noise: Noise(seed: experiment.seed)("preview")(index)))
            return [
                SpectrogramPlot.Panel(example.caption ?? example.name, spectrogram), SpectrogramPlot.Panel("made of it", made),
            ]
        }
        return SpectrogramPlot(panels: panels, settings: vocoder.settings).drawing.picture(scale: 1)
    }

    private static func samples(_ system: any GenerativeSystem, _ experiment: Experiment) throws -> Preview? {
        var request = SampleRequest()
        request.prompts = experiment.train.previewPrompts
        request.classes = experiment.train.previewClasses
        request.seeds = experiment.train.previewSeeds.map { UInt64($0) }
        var strip = FilmStrip(every: max(1, request.seeds.count))
        if system.medium == .point {
            request.batch = 256
        } else if system.medium != .text {
            request.film = Film { strip.add($0) }
        }
        var pictures: [Picture] = []
        var points: [[Float]] = []
        var lines: [String] = []
        do {
            try system.sample(request) { sample in
                if let picture = sample.shown { pictures.append(picture) }
                if let point = sample.points { points.append(point.values) }
                if let text = sample.text { lines.append((sample.prompt.map { $0 + " | " } ?? "") + text) }
            }
        } catch is InputError {
            return nil  // nothing to ask: no prompts were given
        }
        if !points.isEmpty { return Preview(sheet: try cloud(points, experiment)) }
        guard !pictures.isEmpty else { return lines.isEmpty ? nil : Preview(lines: lines) }
        return Preview(sheet: .grid(pictures, columns: request.seeds.count, padding: 2, scale: 2), film: strip.picture)
    }

    /// As many points of the data beside the model's.
    private static func cloud(_ points: [[Float]], _ experiment: Experiment) throws -> Picture {
        let data = try (0..<min(points.count, experiment.dataset.count)).compactMap {
            try experiment.dataset.example($0, epoch: 0).point
        }
        return ScatterPlot(panels: [.init("data", data), .init("model", points)]).drawing.picture(scale: 1)
    }

    private static func reconstructions(_ system: any CodecSystem, _ experiment: Experiment) throws -> Preview {
        let originals = try experiment.media(0..<min(8, experiment.dataset.count))
        let decoded = withoutGradients { system.codec.decode(system.codec.encode(originals)) }
        if case .text(let form) = system.form {
            let texts = [originals, decoded].map { form.texts(TextForm.tokens($0)) }
            return Preview(lines: zip(texts[0], texts[1]).map { "\($0) | \($1)" })
        }
        let pictures = system.form.pictures(originals) + system.form.pictures(decoded)
        return Preview(sheet: .grid(pictures, columns: originals.shape[0], padding: 2, scale: 2))
    }
}
