import Foundation
import Media
import Metrics
import Systems
import Tensors
import Training

/// `latentlab mel`: sound to a log-mel spectrogram, as a picture or as numbers, and back to sound by a vocoder.
///
/// The numbers are the tensor `mel`, `[frames, bands]`; the file's metadata says what they were made with.
public struct Spectrograms {
    /// Of Griffin-Lim, which holds all spectra at once, seconds.
    private static let longest = 600

    public static let griffinLim = "griffin-lim"

    public let settings: MelSettings
    private let mel: MelSpectrogram
    private let vocoder: any Vocoder
    /// What else a sound depends on, for its comment.
    private let told: [String]
    private let seed: Int
    private let quiet: Bool

    /// - Parameter vocoder: `griffin-lim`, or a model directory or the name of a shipped one; a model's settings then stand for those that
    ///   are as usual.
    public init(
        settings: MelSettings, vocoder: String = griffinLim, iterations: Int, seed: Int, quiet: Bool
    ) throws {
        try settings.check()
        guard (0...10_000).contains(iterations) else {
            throw InputError("out of range", at: "iterations", expected: "0 to 10,000", found: "\(iterations)")
        }
        guard seed >= 0 else { throw InputError("out of range", at: "seed", expected: "0 or more", found: "\(seed)") }
        if vocoder == Self.griffinLim {
            mel = MelSpectrogram(settings)
            self.vocoder = GriffinLim(mel, iterations: iterations)
            told = ["iterations \(iterations)", "seed \(seed)"]
        } else {
            let (system, fingerprint) = try Self.model(vocoder)
            self.vocoder = system.vocoder
            try Self.check(settings, against: system.vocoder.settings, of: vocoder)
            mel = MelSpectrogram(system.vocoder.settings)
            told = ["vocoder \(fingerprint.prefix(12))"]
        }
        self.settings = mel.settings
        self.seed = seed
        self.quiet = quiet
    }

    private static func model(_ name: String) throws -> (any VocoderSystem, fingerprint: String) {
        let folder: String
        do { folder = try Assets.model(name) } catch let error as InputError {
            throw InputError(
                "no such vocoder", at: name, expected: "\(griffinLim), or a model directory", hint: error.hint)
        }
        let loaded = try ModelDirectory.load(folder)
        guard let system = loaded.system as? any VocoderSystem else {
            throw InputError(
                "is no vocoder", at: name, expected: "\(griffinLim), or a model of the system \(MelGANSystem.name)",
                found: "system \(type(of: loaded.system).name)")
        }
        return (system, loaded.fingerprint)
    }

    /// What a person asked for must be what the model was trained on.
    private static func check(_ asked: MelSettings, against known: MelSettings, of name: String) throws(InputError) {
        for ((key, value), (usual, own)) in zip(numbers(asked), zip(numbers(MelSettings()), numbers(known)))
        where value != usual.1 && value != own.1 {
            throw InputError("was trained with another \(key)", at: name, expected: "--\(key) \(own.1)", found: value)
        }
    }

    /// What is read is a sound, or numbers where its name ends in `.safetensors`; what is written goes by the end of `out`.
    ///
    /// - Returns: of a sound that was made, how long that took, and how far its spectrogram is from what was asked for.
    @discardableResult
    public func convert(_ input: String, to out: String) throws -> String? {
        let name = out.lowercased()
        guard SoundFormat(path: out) != nil || name.hasSuffix(".png") || name.hasSuffix(".safetensors") else {
            throw InputError(
                "what to write is not clear", at: out, expected: "a name that ends in .png, .safetensors, .wav, .flac or .ogg")
        }
        try OutputPath.check(out)
        let spectrogram = try input.lowercased().hasSuffix(".safetensors") ? stored(input) : heard(input)
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
            return try spoken(spectrogram, of: input, to: out)
        }
        return nil
    }

    private func spoken(_ spectrogram: Tensor, of input: String, to out: String) throws -> String {
        let seconds = spectrogram.shape[0] * settings.hop / settings.rate
        guard !(vocoder is GriffinLim) || seconds <= Self.longest else {
            throw InputError(
                "is too long to be made audible at once", at: input, expected: "at most \(Self.longest) s", found: "\(seconds) s")
        }
        let began = monotonicSeconds()
        let sound = vocoder.sound(of: spectrogram, noise: Noise(seed: UInt64(seed)))
        let took = max(1e-9, monotonicSeconds() - began)
        let told = Self.numbers(settings).map { "\($0) \($1)" } + self.told
        try sound.write(to: out, comment: "latentlab \(Version.current) mel: " + told.joined(separator: ", "))
        var line = String(
            format: "%.2f s of sound in %.2f s, %.1f times as fast as it lasts", sound.seconds, took, sound.seconds / took)
        if settings.bands > SoundDifference.cepstrum {
            let again = mel.amplitudes(mel(sound)).log()
            let distance = SoundDifference.melCepstral(again, mel.amplitudes(spectrogram).log())
            line += String(format: "; mel-cepstral distance %.2f dB", distance)
        }
        return line
    }

    private func heard(_ path: String) throws -> Tensor {
        let reader = try SoundReader(path)
        let bar = ProgressBar("mel", total: max(1, reader.statedFrames / reader.rate), unit: "s", quiet: quiet)
        let spectrogram = try mel(reader) { bar.update($0 / reader.rate) }
        bar.finish()
        return spectrogram
    }

    private func stored(_ path: String) throws -> Tensor {
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
        return values.clamped(0, 1)
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
