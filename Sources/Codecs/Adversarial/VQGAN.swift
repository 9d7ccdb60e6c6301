import Networks
import Tensors

/// What VQGAN adds to a VQ-VAE: a discriminator, how it is balanced, and when it comes in.
public struct VQGANConfiguration: Sendable, Equatable {
    public var discriminator = PatchDiscriminatorConfiguration()
    public var loss = AdversarialLoss.hinge
    /// What pictures go through before they are judged, in this order.
    public var changes: [PictureChange] = []
    /// First step at which the discriminator learns.
    public var start = 0
    /// Steps that the discriminator has learned for when the decoder first listens to it: a judge who knows nothing yet ruins
    /// what it judges.
    public var warmup = 0
    /// Weight of the discriminator's term beside the adaptive one.
    public var weight: Float = 0.8
    /// Largest adaptive weight; 1 in Unleashing Transformers (Bond-Taylor et al. 2021, arXiv 2111.12701).
    public var cap: Float = 1e4
    /// Of the perceptual loss, where there is one.
    public var perceptualWeight: Float = 1

    public init() {}
}

/// A VQ-VAE whose pictures also have to pass a discriminator (Esser et al. 2021, arXiv 2012.09841).
///
/// Two phases: `codec` and `discriminator`, each with an optimiser of its own. Only the autoencoder is needed once it is trained.
public final class VQGAN: Module, Trainable {
    public let configuration: VQGANConfiguration
    public let autoencoder: VQVAE
    let discriminator: PatchDiscriminator
    private let perceptual: PerceptualLoss?

    public init(_ configuration: VQGANConfiguration, autoencoder: VQVAE, perceptual: PerceptualLoss? = nil) {
        let media = autoencoder.mediaShape
        require(
            configuration.discriminator.mediaChannels == media[2]
                && media.dropLast().allSatisfy { configuration.discriminator.positions($0) > 0 },
            "VQGAN: discriminator \(configuration.discriminator) for media \(media)")
        self.configuration = configuration
        self.autoencoder = autoencoder
        self.perceptual = perceptual
        discriminator = PatchDiscriminator(configuration.discriminator)
        super.init()
    }

    public var module: Module { self }

    public func prepare(with batch: Batch) { autoencoder.prepare(with: batch) }

    public var phases: [Phase] {
        [
            Phase(
                name: "codec", parameters: autoencoder.parameters(),
                loss: { batch, step in self.codecLoss(batch, step: step) },
                commit: { sums, _, step in self.autoencoder.quantizer.commit(sums, step: step) }),
            Phase(
                name: "discriminator", parameters: discriminator.parameters(),
                loss: { batch, step in self.discriminatorLoss(batch, step: step) },
                isActive: { step in step >= self.configuration.start }),
        ]
    }

    /// Reconstruction, perceptual loss and what ties codes and vectors together; and, once the discriminator has learned for a
    /// while, its term with the adaptive weight.
    ///
    /// Sums over examples: those of `VQVAE.loss`; `perceptual`; `adversarial` and `adaptive_weight`.
    public func codecLoss(_ batch: Batch, step: Int) -> LossReport {
        let x = pictures(of: batch)
        let quantized = autoencoder.quantized(x, places: batch.places, step: step)
        let features = autoencoder.features(of: quantized.vectors)
        let decoded = autoencoder.media(of: features)
        // Each term is differentiated by itself down to the picture, and only once; from there on they go on as one.
        let picture = decoded.detached().requiringGradient()
        let examples = Float(batch.count)
        let reconstruction = autoencoder.configuration.reconstruction(picture, x)
        var sums = reconstructionSums(decoded, x).merging(quantized.sums) { $1 }
        sums["commitment"] = quantized.loss.detached() * examples
        sums["reconstruction"] = reconstruction.detached() * examples
        var total = reconstruction
        if let perceptual {
            let distance = perceptual(picture, x).mean()
            sums["perceptual"] = distance.detached() * examples
            total = total + distance * configuration.perceptualWeight
        }
        var slope = gradients(of: total, wrt: [picture])[0]
        total = total.detached()
        if step >= configuration.start + configuration.warmup {
            let logits = withConstantParameters { judged(picture, batch.places) }
            let adversarial = configuration.loss.generator(fake: logits)
            let push = gradients(of: adversarial, wrt: [picture])[0]
            let adaptive = adaptiveWeight(slope, push, features: features)
            sums["adversarial"] = adversarial.detached() * examples
            sums["adaptive_weight"] = Tensor(adaptive * examples)
            total = total + adversarial.detached() * (adaptive * configuration.weight)
            slope = slope + push * (adaptive * configuration.weight)
        }
        return LossReport(loss: known(total, slope: slope, at: decoded) + quantized.loss, sums: sums)
    }

    /// |∂L_rec / ∂W| / (|∂L_gan / ∂W| + 1e-4) at the weight W of the decoder's last convolution, at most `cap` (equation 7; with
    /// taming-transformers' number in the denominator). Of the examples of a pass: it is no mean over examples.
    ///
    ///     reconstruction, adversarial: gradients at the picture, [B, H, W, C]; features: what W sees
    private func adaptiveWeight(_ reconstruction: Tensor, _ adversarial: Tensor, features: Tensor) -> Float {
        let media = autoencoder.media(of: features.detached())
        let last = autoencoder.lastWeight.value
        let norms = [reconstruction, adversarial].map { slope in
            gradients(of: [(media, slope)], wrt: [last], retaining: true)[0].square().sum().sqrt().scalar
        }
        return min(norms[0] / (norms[1] + 1e-4), configuration.cap)
    }

    /// Sums over examples: `real_logits` and `fake_logits`, their means.
    public func discriminatorLoss(_ batch: Batch, step: Int) -> LossReport {
        let x = pictures(of: batch)
        let decoded = Context.with({ $0.recordsGradients = false }) {
            let vectors = autoencoder.vectors(of: x)
            return autoencoder.decoded(
                autoencoder.quantizer.quantize(vectors, places: batch.places, step: step).vectors)
        }
        let (real, fake) = (judged(x, batch.places.map { $0("real") }), judged(decoded, batch.places))
        let examples = Float(batch.count)
        return LossReport(
            loss: configuration.loss.discriminator(real: real, fake: fake),
            sums: [
                "real_logits": real.detached().mean() * examples, "fake_logits": fake.detached().mean() * examples,
            ])
    }

    private func judged(_ x: Tensor, _ places: [Noise]) -> Tensor {
        discriminator(configuration.changes.reduce(x) { $1($0, places.map { $0("change") }) })
    }

    private func pictures(of batch: Batch) -> Tensor {
        guard let x = batch.media else { fatalError("VQGAN: it trains on media") }
        return x
    }
}

/// The number `value`, whose gradient at `x` has been worked out already.
private func known(_ value: Tensor, slope: Tensor, at x: Tensor) -> Tensor {
    let node = x.node
    return recorded("known", value, x) { g, table in table.add(slope * g, to: node) }
}
