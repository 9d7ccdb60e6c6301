import Media
import Networks
import Tensors

/// What trains a MelGAN besides its networks.
public struct MelGANTraining: Sendable, Equatable {
    public var discriminator = MelGANDiscriminatorConfiguration()
    /// Samples of a recording that are made at a time.
    public var segment = 8192
    /// Weight of the distance between the discriminators' maps of what is made and of the recording.
    public var features: Float = 10
    /// Weight of the distance between log-mel spectrograms, 0 for the paper's own loss.
    public var mel: Float = 0
    /// Weight of the distance between spectra at several resolutions, 0 for the paper's own loss.
    public var spectra: Float = 0
    /// First step at which the discriminators learn.
    public var start = 0
    /// Steps that they have learned for when the generator first listens to them.
    public var warmup = 0

    public init() {}
}

/// A generator of sound and the discriminators that it has to pass (Kumar et al. 2019, arXiv 1910.06711).
///
/// Two phases: `generator` and `discriminator`, each with an optimiser of its own. Only the generator is needed once it is trained.
///
/// It learns from segments with `margin` samples more at either end, so that every frame is of sound that was really there and no frame of
/// its mirror image.
public final class MelGAN: Module, Trainable {
    public let configuration: MelGANTraining
    public let mel: MelSpectrogram
    public let generator: MelGANGenerator
    let discriminator: MelGANDiscriminator
    private let distance = SpectralDistance()

    public init(_ configuration: MelGANTraining, generator: MelGANGenerator, mel: MelSpectrogram) {
        require(
            generator.configuration.hop == mel.settings.hop && generator.configuration.bands == mel.settings.bands,
            "MelGAN: generator \(generator.configuration) for spectrograms \(mel.settings)")
        require(
            configuration.segment % mel.settings.hop == 0 && (mel.settings.size - mel.settings.hop) % 2 == 0,
            "MelGAN: segments of \(configuration.segment) for spectrograms \(mel.settings)")
        self.configuration = configuration
        self.mel = mel
        self.generator = generator
        discriminator = MelGANDiscriminator(configuration.discriminator)
        super.init()
    }

    public var module: Module { self }

    /// Samples that the first frame of a segment reaches beyond it.
    private var margin: Int { (mel.settings.size - mel.settings.hop) / 2 }
    /// Samples of a training example.
    public var samples: Int { configuration.segment + 2 * margin }

    public var phases: [Phase] {
        [
            Phase(
                name: "generator", parameters: generator.parameters(),
                loss: { batch, step in self.generatorLoss(self.signals(of: batch), step: step) }),
            Phase(
                name: "discriminator", parameters: discriminator.parameters(),
                loss: { batch, _ in self.discriminatorLoss(self.signals(of: batch)) },
                isActive: { step in step >= self.configuration.start }),
        ]
    }

    private func signals(of batch: Batch) -> Tensor {
        guard let x = batch.media else { fatalError("MelGAN: it trains on signals") }
        return x.reshaped([x.shape[0], -1])
    }

    /// Sums over examples: `adversarial`, `features`; `mel`, the mean distance of log-mel spectrograms on their scale of 0...1; `spectra`.
    ///
    ///     x: [B, samples]
    public func generatorLoss(_ x: Tensor, step: Int) -> LossReport {
        let (mel, real) = parts(x)
        let fake = generator(mel)
        let examples = Float(x.shape[0])
        var sums: [String: Tensor] = [:]
        var total: Tensor?
        func add(_ term: Tensor, _ weight: Float, _ name: String) {
            sums[name] = term.detached() * examples
            if weight != 0 { total = total.map { $0 + term * weight } ?? term * weight }
        }
        if step >= configuration.start + configuration.warmup {
            let judged = withConstantParameters { discriminator(fake) }
            let known = Context.with({ $0.recordsGradients = false }) { discriminator(real) }
            let terms = Self.adversarial(judged, known)
            add(terms.adversarial, 1, "adversarial")
            add(terms.features, configuration.features, "features")
        }
        // The frames that lie wholly in the segment.
        add((self.mel.inner(signals: fake) - self.mel.inner(signals: real)).abs().mean(), configuration.mel, "mel")
        if configuration.spectra > 0 { add(distance(fake, real).mean(), configuration.spectra, "spectra") }
        return LossReport(loss: total ?? Tensor(0), sums: sums)
    }

    /// The hinge loss, and the distance of maps with the published program's weight: 4 / (layers that shorten + 1) and the mean over scales.
    package static func adversarial(_ fake: [[Tensor]], _ real: [[Tensor]]) -> (adversarial: Tensor, features: Tensor) {
        var (hinge, features) = (Tensor(0), Tensor(0))
        // Two maps are of layers behind those that shorten.
        let weight = 4 / Float(fake[0].count - 2) / Float(fake.count)
        for (fake, real) in zip(fake, real) {
            hinge = hinge + AdversarialLoss.hinge.generator(fake: fake.last!)
            for (a, b) in zip(fake, real).dropLast() { features = features + (a - b).abs().mean() * weight }
        }
        return (hinge, features)
    }

    /// Sums over examples: `real_logits` and `fake_logits`, their means over scales.
    ///
    ///     x: [B, samples]
    public func discriminatorLoss(_ x: Tensor) -> LossReport {
        let (mel, real) = parts(x)
        let fake = Context.with({ $0.recordsGradients = false }) { generator(mel) }
        let examples = Float(x.shape[0])
        let judged = (real: discriminator(real), fake: discriminator(fake))
        let sums = [("real_logits", judged.real), ("fake_logits", judged.fake)].map { name, scales in
            (name, scales.reduce(Tensor(0)) { $0 + $1.last!.detached().mean() * (examples / Float(scales.count)) })
        }
        return LossReport(
            loss: Self.judgement(real: judged.real, fake: judged.fake), sums: Dictionary(uniqueKeysWithValues: sums))
    }

    /// The discriminators' hinge loss: the sum over scales, and over real and made, of which the house takes the mean.
    package static func judgement(real: [[Tensor]], fake: [[Tensor]]) -> Tensor {
        zip(real, fake).reduce(Tensor(0)) { $0 + AdversarialLoss.hinge.discriminator(real: $1.0.last!, fake: $1.1.last!) * 2 }
    }

    /// Spectrogram `[B, N, bands]` and sound `[B, segment]` of training examples; constants.
    private func parts(_ x: Tensor) -> (mel: Tensor, sound: Tensor) {
        require(x.rank == 2 && x.shape[1] == samples, "MelGAN: examples \(x.shape) of \(samples) samples")
        return Context.with({ $0.recordsGradients = false }) {
            (mel.inner(signals: x), x.slice(1, margin..<margin + configuration.segment).contiguous())
        }
    }
}
