import Media
import Systems
import Tensors
import Training

/// `latentlab sample` of a model whose samples are sounds.
struct SoundSampling {
    let system: any GenerativeSystem
    let request: SampleRequest
    /// What determines a sound, besides its seed and sentence.
    let facts: [(String, String)]

    /// - Parameters:
    ///   - out: a folder for `<prompt index>-<seed>.wav`, or one sound file.
    ///   - sheets: files for a picture of all spectrograms.
    ///   - film: what became of each spectrogram on the way, a row for each.
    func run(out: String, sheets: [String], film: String?, quiet: Bool) throws {
        let format = SoundFormat(path: out)
        if format == nil, let suffix = Self.suffix(of: out) {
            throw InputError(
                "is no file for sounds", at: "--out \(out)", expected: "a folder, a .wav, a .flac or a .ogg file", found: suffix)
        }
        let destination = try SampleDestination(
            out, isFile: format != nil, total: request.total, noun: "sound", expecting: "a folder", beside: sheets + [film])
        defer { destination.close() }
        var request = request
        var strip = FilmStrip()
        if film != nil { request.film = Film { strip.add($0) } }
        let bar = ProgressBar("sampling", total: request.total, unit: "sample", quiet: quiet)
        var panels: [SpectrogramPlot.Panel] = []
        var settings = MelSettings()
        if case .spectrogram(let mel, _) = system.form { settings = mel.settings }
        try system.sample(request) { sample in
            guard let sound = sample.sound, let spectrogram = sample.spectrogram else { return }
            var told = facts + [("seed", "\(sample.seed)")]
            if let prompt = sample.prompt { told.append(("prompt", prompt)) }
            try sound.write(
                to: destination.path(of: sample, "wav"), comment: told.map { "\($0): \($1)" }.joined(separator: "; "))
            let title = (sample.prompt ?? "sound") + (request.seeds.count > 1 ? ", seed \(sample.seed)" : "")
            panels.append(.init(title, spectrogram))
            bar.update(panels.count)
        }
        bar.finish()
        if !sheets.isEmpty, !panels.isEmpty {
            let png = SpectrogramPlot(panels: panels, settings: settings).drawing.picture(scale: 1).png(text: [])
            for sheet in sheets { try AtomicFile.write(png, to: sheet) }
        }
        if let film, let picture = strip.picture { try AtomicFile.write(picture.png(text: []), to: film) }
    }

    /// The end of a name that asks for a file of another kind.
    private static func suffix(of out: String) -> String? {
        guard let dot = out.lastIndex(of: ".") else { return nil }
        let end = out[out.index(after: dot)...].lowercased()
        return ["png", "jpg", "jpeg", "txt", "jsonl", "mp3", "aiff"].contains(end) ? end : nil
    }
}
