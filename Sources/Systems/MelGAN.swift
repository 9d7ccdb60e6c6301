import Codecs
import Media
import Networks
import Tensors

/// MelGAN (Kumar et al. 2019, arXiv 1910.06711): log-mel spectrograms to sound, faster than it lasts.
///
/// Sections: `model {channels, ratios, blocks, sound {rate, size, hop, bands, low, high, floor, loudest, range}}`; `loss {features, mel,
/// spectra, start, warmup}`, of which the paper has `features` alone; `discriminator {scales, channels, largest_channels, layers, factor,
/// segment}`. A model directory holds the generator and what its spectrograms are made with.
public final class MelGANSystem: Module, VocoderSystem {
    public static let name = "melgan"
    let generator: MelGANGenerator
    private let mel: MelSettings
    /// Nil in a model that was loaded: it is not trained.
    let training: MelGAN?

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let part = try section.section("model")
        mel = try MelSettings(try part.section("sound"))
        var c = MelGANConfiguration()
        c.bands = mel.bands
        c.channels = try part.int("channels", default: c.channels)
        c.ratios = try part.ints("ratios", default: c.ratios)
        c.blocks = try part.int("blocks", default: c.blocks)
        try c.check(at: part.place.description)
        guard c.hop == mel.hop else {
            throw part.error(
                "ratios", "do not make the samples of a frame", expected: "numbers whose product is sound.hop, \(mel.hop)",
                found: "\(c.ratios)")
        }
        generator = MelGANGenerator(c)
        training = surroundings.folder == nil ? try MelGAN(section, generator, mel) : nil
        super.init()
    }

    public var module: Module { training ?? generator }
    public var model: Module { generator }
    public var form: MediaForm { .signal(rate: mel.rate, samples: training?.samples ?? mel.size) }
    public var vocoder: any Vocoder { MelGANVocoder(generator, settings: mel) }
    public var phases: [Phase] { training?.phases ?? [] }
}

extension MelGAN {
    /// Sections `discriminator` and `loss`.
    fileprivate convenience init(_ section: Section, _ generator: MelGANGenerator, _ settings: MelSettings) throws {
        var c = MelGANTraining()
        let judge = try section.section("discriminator")
        c.discriminator.scales = try judge.int("scales", default: c.discriminator.scales)
        c.discriminator.channels = try judge.int("channels", default: c.discriminator.channels)
        c.discriminator.largestChannels = try judge.int("largest_channels", default: c.discriminator.largestChannels)
        c.discriminator.layers = try judge.int("layers", default: c.discriminator.layers)
        c.discriminator.factor = try judge.int("factor", default: c.discriminator.factor)
        try c.discriminator.check(at: judge.place.description)
        c.segment = try judge.int("segment", default: c.segment, in: settings.size...1 << 20)
        guard c.segment % settings.hop == 0 else {
            throw judge.error(
                "segment", "is no number of frames", expected: "a multiple of \(settings.hop)", found: "\(c.segment)")
        }
        guard (settings.size - settings.hop) % 2 == 0 else {
            throw InputError(
                "has no middle", at: "model.sound.hop", expected: "an even number of samples less than size",
                found: "\(settings.hop)")
        }
        let loss = try section.section("loss")
        c.features = try loss.float("features", default: c.features, in: 0...1e3)
        c.mel = try loss.float("mel", default: c.mel, in: 0...1e4)
        c.spectra = try loss.float("spectra", default: c.spectra, in: 0...1e3)
        c.start = try loss.int("start", default: c.start, in: 0...1_000_000_000)
        c.warmup = try loss.int("warmup", default: c.warmup, in: 0...1_000_000_000)
        self.init(c, generator: generator, mel: MelSpectrogram(settings))
    }
}
