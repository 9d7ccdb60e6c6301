import Codecs
import Media
import Networks
import Tensors

/// The VQGAN (Esser et al. 2021, arXiv 2012.09841): a VQ-VAE that a discriminator and a perceptual loss make sharp.
///
/// Section `codec`: as the VQ-VAE; `loss` also has `perceptual {weight, network {from}}`; and `discriminator {channels, layers, norm,
/// loss, augment, start, warmup, weight, cap}`. A model directory holds the autoencoder alone, and can start another run as that.
public final class VQGANSystem: Module, CodecSystem {
    public static let name = "vqgan"
    let autoencoder: VQVAE
    public let form: MediaForm
    /// Nil in a model that was loaded: it is not trained.
    let training: VQGAN?

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let part = try section.section("codec")
        form = try MediaForm(part)
        autoencoder = VQVAE(try VQVAEConfiguration(part, form))
        training = surroundings.folder == nil ? try VQGAN(part, autoencoder) : nil
        super.init()
    }

    public var module: Module { training ?? autoencoder }
    public var model: Module { autoencoder }
    public var codec: any Codec { autoencoder }
    public var phases: [Phase] { training?.phases ?? autoencoder.phases }
    public func prepare(with batch: Batch) { autoencoder.prepare(with: batch) }
    public func finish(over batches: some Sequence<Tensor>) { autoencoder.prune(over: batches) }

    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        guard let codec = resolved["codec"], let loss = codec["loss"] else { return resolved }
        let kept = codec.dropping("discriminator").setting("loss", loss.dropping("perceptual"))
        return resolved.setting("codec", kept)
    }
}

extension VQGAN {
    /// Section `codec`, of which `autoencoder` has read its part.
    fileprivate convenience init(_ section: Section, _ autoencoder: VQVAE) throws {
        let media = autoencoder.mediaShape
        var c = VQGANConfiguration()
        var perceptual: PerceptualLoss?
        if let part = try section.section("loss").optionalSection("perceptual") {
            c.perceptualWeight = try part.float("weight", default: c.perceptualWeight, in: 0...1e3)
            perceptual = try PerceptualLoss(try part.section("network"), media: media)
        }
        let part = try section.section("discriminator")
        c.discriminator.mediaChannels = media[2]
        c.discriminator.channels = try part.int("channels", default: c.discriminator.channels, in: 1...1024)
        c.discriminator.layers = try part.int("layers", default: c.discriminator.layers, in: 1...6)
        c.discriminator.norm = try part.choice("norm", default: c.discriminator.norm)
        guard c.discriminator.positions(min(media[0], media[1])) > 0 else {
            throw part.error(
                "layers", "are too many for the pictures", expected: "fewer for pictures of \(media[0])x\(media[1])",
                found: "\(c.discriminator.layers)")
        }
        c.loss = try part.choice("loss", default: c.loss)
        c.changes = try part.choices("augment", among: PictureChange.allCases.map(\.rawValue), default: [])
            .compactMap { PictureChange(rawValue: $0) }
        c.start = try part.int("start", default: c.start, in: 0...1_000_000_000)
        c.warmup = try part.int("warmup", default: c.warmup, in: 0...1_000_000_000)
        c.weight = try part.float("weight", default: c.weight, in: 0...1e3)
        c.cap = try part.float("cap", default: c.cap, in: 0...1e9)
        self.init(c, autoencoder: autoencoder, perceptual: perceptual)
    }
}
