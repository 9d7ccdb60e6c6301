import Codecs
import Networks
import Tensors

/// The KL autoencoder of latent diffusion (Rombach et al. 2022): pictures to a grid of Gaussians.
///
/// Section `codec`: `size`, `channels`, `multipliers`, `blocks`, `latent_channels`, `groups`, `attention`, `kl_weight`, `loss`.
public final class KLSystem: Module, CodecSystem {
    public static let name = "kl-autoencoder"
    let autoencoder: KLAutoencoder

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let part = try section.section("codec")
        var c = KLAutoencoderConfiguration()
        c.network = try ConvCodecConfiguration(part)
        c.klWeight = try part.float("kl_weight", default: c.klWeight, in: 0...1e3)
        c.reconstruction = try ReconstructionLoss(try part.section("loss"), c.reconstruction)
        try c.check(at: part.place.description)
        autoencoder = KLAutoencoder(c)
        super.init()
    }

    public var module: Module { autoencoder }
    public var codec: any Codec { autoencoder }
    public var phases: [Phase] { autoencoder.phases }
    public func finish(over batches: some Sequence<Tensor>) { autoencoder.fitStatistics(over: batches) }
}

/// The VQ-VAE (van den Oord et al. 2017): pictures to a grid of codes.
///
/// Section `codec`: as the KL autoencoder, and `code_width`, `codes`, `beta`, `form`, `learning`, `decay`, `normalised`, `window`.
public final class VQSystem: Module, CodecSystem {
    public static let name = "vq-vae"
    let autoencoder: VQVAE

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let part = try section.section("codec")
        var c = VQVAEConfiguration()
        c.network = try ConvCodecConfiguration(part)
        c.codeWidth = try part.optionalInt("code_width", in: 1...4096)
        c.quantizer.codes = try part.int("codes", default: c.quantizer.codes, in: 2...1_000_000)
        c.quantizer.beta = try part.float("beta", default: c.quantizer.beta, in: 0...100)
        c.quantizer.form = try part.choice("form", default: c.quantizer.form)
        c.quantizer.learning = try part.choice("learning", default: c.quantizer.learning)
        c.quantizer.decay = try part.float("decay", default: c.quantizer.decay, in: 0...0.999999)
        c.quantizer.isNormalised = try part.bool("normalised", default: c.quantizer.isNormalised)
        c.quantizer.window = try part.int("window", default: c.quantizer.window, in: 0...1_000_000)
        c.reconstruction = try ReconstructionLoss(try part.section("loss"), c.reconstruction)
        try c.check(at: part.place.description)
        autoencoder = VQVAE(c)
        super.init()
    }

    public var module: Module { autoencoder }
    public var codec: any Codec { autoencoder }
    public var phases: [Phase] { autoencoder.phases }
    public func prepare(with batch: Batch) { autoencoder.prepare(with: batch) }
}

extension ConvCodecConfiguration {
    init(_ section: Section) throws {
        self.init()
        let size = try section.ints("size", default: [mediaShape[0], mediaShape[1]], in: 1...4096)
        guard size.count == 2 else { throw section.error("size", "is not a size", expected: "[height, width]", found: "\(size)") }
        mediaShape = size + [try section.int("media_channels", default: 3, in: 1...64)]
        channels = try section.int("channels", default: channels, in: 1...4096)
        multipliers = try section.ints("multipliers", default: multipliers, in: 1...64)
        blocks = try section.int("blocks", default: blocks, in: 1...16)
        latentChannels = try section.int("latent_channels", default: latentChannels, in: 1...1024)
        groups = try section.int("groups", default: groups, in: 1...1024)
        middleAttention = try section.bool("middle_attention", default: middleAttention)
        attentionLevels = try section.ints("attention_levels", default: attentionLevels, in: 0...7)
    }
}

extension ReconstructionLoss {
    init(_ section: Section, _ fallback: ReconstructionLoss) throws {
        self.init(
            l1: try section.float("l1", default: fallback.l1, in: 0...1e3),
            l2: try section.float("l2", default: fallback.l2, in: 0...1e3),
            gradient: try section.float("gradient", default: fallback.gradient, in: 0...1e3),
            scales: try section.int("scales", default: fallback.scales, in: 1...8))
    }
}
