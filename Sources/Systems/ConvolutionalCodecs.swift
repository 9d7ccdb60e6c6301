import Codecs
import Media
import Networks
import Tensors

/// The KL autoencoder of latent diffusion (Rombach et al. 2022): pictures to a grid of Gaussians.
///
/// Section `codec`: `size`, or `sound` with the numbers of a spectrogram; `patch`, `channels`, `multipliers`, `blocks`, `latent_channels`, `groups`, `attention`, `kl_weight`, `loss`.
public final class KLSystem: Module, CodecSystem {
    public static let name = "kl-autoencoder"
    let autoencoder: KLAutoencoder
    public let form: MediaForm

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let part = try section.section("codec")
        var c = KLAutoencoderConfiguration()
        form = try MediaForm(part)
        c.network = try ConvCodecConfiguration(part, form)
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
/// Section `codec`: as the KL autoencoder without `kl_weight`; `quantizer` with its own keys, `prune`.
public final class VQSystem: Module, CodecSystem {
    public static let name = "vq-vae"
    let autoencoder: VQVAE
    public let form: MediaForm

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let part = try section.section("codec")
        form = try MediaForm(part)
        autoencoder = VQVAE(try VQVAEConfiguration(part, form))
        super.init()
    }

    public var module: Module { autoencoder }
    public var codec: any Codec { autoencoder }
    public var phases: [Phase] { autoencoder.phases }
    public func prepare(with batch: Batch) { autoencoder.prepare(with: batch) }
    public func finish(over batches: some Sequence<Tensor>) { autoencoder.prune(over: batches) }
}
