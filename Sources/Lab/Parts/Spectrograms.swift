import Media
import Systems
import Tensors
import Training

/// `latentlab mel`: sound to a log-mel spectrogram, as a picture or as numbers, and back to sound.
///
/// The numbers are the tensor `mel`, `[frames, bands]`; the file's metadata says what they were made with.
public struct Spectrograms {
    /// Of Griffin-Lim, which holds all spectra at once, seconds.
    private static let longest = 600

    public var settings: MelSettings
    public var iterations: Int
    public var seed: Int
    public var quiet: Bool

    public init(settings: MelSettings, iterations: Int, seed: Int, quiet: Bool) throws(InputError) {
        try settings.check()
        guard (0...10_000).contains(iterations) else {
            throw InputError("out of range", at: "iterations", expected: "0 to 10,000", found: "\(iterations)")
        }
        guard seed >= 0 else { throw InputError("out of range", at: "seed", expected: "0 or more", found: "\(seed)") }
        self.settings = settings
        self.iterations = iterations
        self.seed = seed
        self.quiet = quiet
    }

    /// What is read is a sound, or numbers where its name ends in `.safetensors`; what is written goes by the end of `out`.
    public func convert(_ input: String, to out: String) throws {
        let name = out.lowercased()
        guard SoundFormat(path: out) != nil || name.hasSuffix(".png") || name.hasSuffix(".safetensors") else {
            throw InputError(
                "what to write is not clear", at: out, expected: "a name that ends in .png, .safetensors, .wav, .flac or .ogg")
        }
        try OutputPath.check(out)
        let (mel, spectrogram): (MelSpectrogram, Tensor) =
            try input.lowercased().hasSuffix(".safetensors") ? stored(input) : heard(input)
        if name.hasSuffix(".png") {
            let plot = SpectrogramPlot(panels: [.init(input, spectrogram)], settings: mel.settings)
            try plot.drawing.picture().write(to: out, text: Self.numbers(mel.settings) + [("latentlab", Version.current)])
        } else if name.hasSuffix(".safetensors") {
            var writer = SafetensorsWriter()
            writer.add("mel", spectrogram)
            var metadata = ["latentlab": Version.current]
            for (key, value) in Self.numbers(mel.settings) { metadata[key] = value }
            try writer.write(to: out, metadata: metadata)
        } else {
            let seconds = spectrogram.shape[0] * settings.hop / settings.rate
            guard seconds <= Self.longest else {
                throw InputError(
                    "is too long to be made audible at once", at: input, expected: "at most \(Self.longest) s",
                    found: "\(seconds) s")
            }
            let told = Self.numbers(mel.settings).map { "\($0) \($1)" } + ["iterations \(iterations)", "seed \(seed)"]
            let sound = GriffinLim(mel, iterations: iterations)(spectrogram, noise: Noise(seed: UInt64(seed)))
            try sound.write(to: out, comment: "latentlab \(Version.current) mel: " + told.joined(separator: ", "))
        }
    }

    private func heard(_ path: String) throws -> (MelSpectrogram, Tensor) {
        let (mel, reader) = (MelSpectrogram(settings), try SoundReader(path))
        let bar = ProgressBar("mel", total: max(1, reader.statedFrames / reader.rate), unit: "s", quiet: quiet)
        let spectrogram = try mel(reader) { bar.update($0 / reader.rate) }
        bar.finish()
        return (mel, spectrogram)
    }

    private func stored(_ path: String) throws -> (MelSpectrogram, Tensor) {
        let file = try SafetensorsFile(path)
        for (key, value) in Self.numbers(settings) {
            guard let found = file.metadata[key], found != value else { continue }
            throw InputError(
                "was made with another \(key)", at: path, expected: value, found: found, hint: "say --\(key) \(found)")
        }
        let entry = try file.entry("mel")
        guard entry.shape.count == 2, entry.shape[0] > 0, entry.shape[1] == settings.bands else {
            throw InputError(
                "tensor 'mel' is no spectrogram of these bands", at: path, expected: "[frames, \(settings.bands)]",
                found: "\(entry.shape)")
        }
        let values = try file.tensor(entry)
        guard values.values.allSatisfy({ $0.isFinite }) else {
            throw InputError("tensor 'mel' holds what is no number", at: path, expected: "numbers from 0 to 1")
        }
        return (MelSpectrogram(settings), values.clamped(0, 1))
    }

    private static func numbers(_ settings: MelSettings) -> [(String, String)] {
        [
            ("rate", "\(settings.rate)"), ("size", "\(settings.size)"), ("hop", "\(settings.hop)"),
            ("bands", "\(settings.bands)"),
            ("low", "\(settings.low)"), ("high", "\(settings.high)"), ("floor", "\(settings.floor)"),
            ("loudest", "\(settings.loudest)"), ("range", "\(settings.range)"),
        ]
    }
}
