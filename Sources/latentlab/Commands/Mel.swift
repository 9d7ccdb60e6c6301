import ArgumentParser
import LatentLab

struct Mel: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Sound to a log-mel spectrogram, and back to sound by a vocoder.")

    @Argument(help: "A sound file, or a spectrogram's .safetensors.") var input: String
    @Argument(help: "A .png to look at, .safetensors with the numbers, or .wav, .flac or .ogg to listen to.") var out: String
    @Option(help: "Samples a second; sound of another rate is resampled.") var rate = MelSettings().rate
    @Option(help: "Samples of a frame.") var size = MelSettings().size
    @Option(help: "Samples from a frame to the next.") var hop = MelSettings().hop
    @Option(help: "How many bands.") var bands = MelSettings().bands
    @Option(help: "Hertz where the lowest band begins.") var low = MelSettings().low
    @Option(help: "Hertz where the highest band ends.") var high = MelSettings().high
    @Option(help: "What makes sound of a spectrogram: griffin-lim, which needs no weights, or a model directory.")
    var vocoder = Spectrograms.griffinLim
    @Option(help: "Of Griffin-Lim.") var iterations = 32
    @Option(help: "Of Griffin-Lim's first phases.") var seed = 0
    @OptionGroup var machine: MachineOptions

    func run() throws {
        try machine.apply()
        var settings = MelSettings()
        (settings.rate, settings.size, settings.hop) = (rate, size, hop)
        (settings.bands, settings.low, settings.high) = (bands, low, high)
        let spectrograms = try Spectrograms(
            settings: settings, vocoder: vocoder, iterations: iterations, seed: seed, quiet: machine.quiet)
        let line = try spectrograms.convert(input, to: out)
        if !machine.quiet, let line { print(line) }
    }
}
