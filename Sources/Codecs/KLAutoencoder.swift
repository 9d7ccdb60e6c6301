import Networks
import Tensors

/// Sizes and losses of a KL autoencoder.
public struct KLAutoencoderConfiguration: Sendable, Equatable {
    public var network = ConvCodecConfiguration()
    /// Weight of the divergence from N(0, 1), summed over a latent, beside the reconstruction's mean over
    /// pixels.
    public var klWeight: Float = 1e-6
    public var reconstruction = ReconstructionLoss()

    public init() {}

    /// Throws what is wrong with values that a person wrote.
    public func check(at place: String? = nil) throws(InputError) {
        try network.check(at: place)
        try reconstruction.check(for: network.mediaShape, at: place.map { $0 + ".loss" } ?? "loss")
        guard klWeight >= 0, klWeight.isFinite else {
            throw InputError(
                "not a loss weight", at: place.map { "\($0).kl_weight" } ?? "kl_weight",
                expected: "a number of 0 or more",
                found: "\(klWeight)")
        }
    }
}

/// Media to a grid of diagonal Gaussians and back (Kingma & Welling 2014; Rombach et al. 2022, arXiv
/// 2112.10752, section 3.1).
///
///     media   [B, H, W, C] in [-1, 1]
///     latents [B, H / f, W / f, latentChannels], normalised: mean 0 and deviation 1 in each channel
///
/// The network is diffusers' AutoencoderKL, whose weights fit (`AutoencoderKeys`).
public final class KLAutoencoder: Module, Codec, Trainable {
    public let configuration: KLAutoencoderConfiguration
    let encoder: ConvEncoder
    let quantConv: Linear
    let postQuantConv: Linear
    let decoder: ConvDecoder
    /// `[latentChannels]` each, of the raw latents over the training set.
    let latentMean: Buffer
    let latentDeviation: Buffer

    public init(_ configuration: KLAutoencoderConfiguration) {
        let c = configuration.network
        let channels = c.latentChannels
        self.configuration = configuration
        encoder = ConvEncoder(c, output: 2 * channels)
        quantConv = Linear(2 * channels, 2 * channels)
        postQuantConv = Linear(channels, channels)
        decoder = ConvDecoder(c)
        latentMean = Buffer(.zeros([channels]))
        latentDeviation = Buffer(.ones([channels]))
        super.init()
    }

    public var module: Module { self }
    public var mediaShape: [Int] { configuration.network.mediaShape }
    public var latents: LatentSpec {
        LatentSpec(
            kind: .continuous,
            shape: configuration.network.latentGrid + [configuration.network.latentChannels])
    }

    /// Mean and clamped log-variance as the network gives them, before normalisation.
    public func rawMoments(_ x: Tensor) -> (mean: Tensor, logVariance: Tensor) {
        require(
            Array(x.shape.dropFirst()) == mediaShape, "KLAutoencoder: media \(x.shape) for \(mediaShape)")
        let parts = quantConv(encoder(x)).cast(to: .f32).chunked(2, axis: 3)
        return (parts[0], parts[1].clamped(-30, 20))
    }

    /// Raw latents to media.
    public func decodedRaw(_ z: Tensor) -> Tensor { decoder(postQuantConv(z)).cast(to: .f32) }

    public func encode(_ x: Tensor) -> Encoding {
        let (mean, logVariance) = rawMoments(x)
        return .moments(
            mean: (mean - latentMean.value) / latentDeviation.value,
            logVariance: logVariance - latentDeviation.value.log() * 2)
    }

    public func decode(_ latents: Encoding) -> Tensor {
        guard case .moments(let z, _) = latents else {
            fatalError("KLAutoencoder: it decodes real latents, not tokens")
        }
        return decodedRaw(z * latentDeviation.value + latentMean.value)
    }

    public var phases: [Phase] {
        [Phase(name: "codec", parameters: parameters()) { batch, _ in self.loss(batch) }]
    }

    /// Reconstruction from a draw, and what the draw's distribution costs.
    ///
    /// Sums over examples: `reconstruction` and `kl` (the loss's terms), `mse` and `psnr` (of pictures
    /// clamped to [-1, 1]).
    public func loss(_ batch: Batch) -> LossReport {
        guard let x = batch.media else { fatalError("KLAutoencoder: it trains on media") }
        let terms = loss(x, noise: normal(batch.places.map { $0("latent") }, latents.shape))
        var sums = reconstructionSums(terms.decoded, x)
        sums["reconstruction"] = terms.reconstruction.detached() * Float(batch.count)
        sums["kl"] = terms.kl.detached().sum()
        return LossReport(loss: terms.total, sums: sums)
    }

    /// The loss of `x` with the given draw.
    ///
    ///     noise: [B, h, w, latentChannels]
    package func loss(
        _ x: Tensor, noise: Tensor
    ) -> (total: Tensor, reconstruction: Tensor, kl: Tensor, decoded: Tensor) {
        let (mean, logVariance) = rawMoments(x)
        let decoded = decodedRaw(mean + (logVariance * 0.5).exp() * noise)
        let reconstruction = configuration.reconstruction(decoded, x)
        let kl = (mean.square() + logVariance.exp() - logVariance - 1).sum([1, 2, 3]) * 0.5  // [B]
        return (reconstruction + kl.mean() * configuration.klWeight, reconstruction, kl, decoded)
    }

    /// Sets the normalisation from the latents of `batches` of media `[B, H, W, C]`, so that draws have
    /// mean 0 and deviation 1.
    ///
    /// The draws' variance is that of the means plus the mean of the variances: nothing has to be drawn.
    public func fitStatistics(over batches: some Sequence<Tensor>) {
        let channels = configuration.network.latentChannels
        var (count, sum) = (0.0, [Double](repeating: 0, count: channels))
        var squares = sum
        for batch in batches {
            let (mean, logVariance) = withoutGradients { rawMoments(batch) }
            let (m, v) = (mean.values, logVariance.exp().values)
            for i in m.indices {
                sum[i % channels] += Double(m[i])
                squares[i % channels] += Double(m[i]) * Double(m[i]) + Double(v[i])
            }
            count += Double(m.count / channels)
        }
        require(count > 0, "KLAutoencoder.fitStatistics: nothing to look at")
        let means = sum.map { $0 / count }
        let deviations = zip(squares, means).map { max($0 / count - $1 * $1, 1e-12).squareRoot() }
        latentMean.value = Tensor(means.map(Float.init), [channels])
        latentDeviation.value = Tensor(deviations.map(Float.init), [channels])
    }
}

/// Sums over examples that every codec of pictures reports: `mse` and `psnr` of media clamped to [-1, 1].
func reconstructionSums(_ decoded: Tensor, _ original: Tensor) -> [String: Tensor] {
    let errors = (decoded.detached().clamped(-1, 1) - original.detached()).square().mean([1, 2, 3])  // [B]
    let psnr = (errors.clamped(1e-10, 4) / 4).log() * (-10 / Float(2.302585092994046))
    return ["mse": errors.sum(), "psnr": psnr.sum()]
}
