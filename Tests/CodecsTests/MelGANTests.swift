import Codecs
import Glibc
import Media
import Networks
import Tensors
import TestKit
import Testing

/// A MelGAN small enough to be trained in a test.
@Suite struct MelGANTests {
    private static let settings: MelSettings = {
        var s = MelSettings()
        (s.rate, s.size, s.hop, s.bands, s.low, s.high) = (8000, 64, 16, 10, 100, 4000)
        return s
    }()

    private static let mel = MelSpectrogram(settings)

    private static var configuration: MelGANConfiguration {
        var c = MelGANConfiguration()
        (c.bands, c.channels, c.ratios, c.blocks) = (10, 4, [4, 4], 2)
        return c
    }

    private static func gan(_ change: (inout MelGANTraining) -> Void = { _ in }) -> MelGAN {
        var c = MelGANTraining()
        c.segment = 256
        (c.discriminator.channels, c.discriminator.layers, c.discriminator.largestChannels) = (4, 2, 16)
        change(&c)
        let gan = MelGAN(c, generator: MelGANGenerator(configuration), mel: mel)
        gan.initialize(Noise(seed: 1))
        return gan
    }

    /// Tones of several pitches, `[B, samples]`.
    private func signals(_ gan: MelGAN, _ count: Int = 3) -> Tensor {
        stacked(
            (0..<count).map { i in
                Tensor((0..<gan.samples).map { Float(0.4 * sin(Double($0) * (0.2 + 0.1 * Double(i)))) }, [gan.samples])
            }, axis: 0)
    }

    @Test func `each phase's loss moves only its side, and all of it`() {
        let gan = Self.gan { ($0.mel, $0.spectra) = (1, 1) }
        let x = signals(gan)
        let inGenerator = Set(gan.generator.parameters().map(ObjectIdentifier.init))
        #expect(inGenerator.count == 3 * (2 + 2 + 2 * 2 * 3) && gan.phases.map(\.name) == ["generator", "discriminator"])
        let all = gan.parameters()
        for (loss, isGenerator) in [(gan.generatorLoss(x, step: 0), true), (gan.discriminatorLoss(x), false)] {
            #expect(loss.loss.scalar.isFinite)
            for (p, gradient) in zip(all, gradients(of: loss.loss, wrt: all.map(\.value))) {
                // While no logit is beyond the margins, real and made sounds pull the discriminators' last bias equally.
                let isBalanced = !isGenerator && p.name.hasSuffix("output.bias")
                let moves = gradient.values.contains { $0 != 0 }
                let isOwn = inGenerator.contains(ObjectIdentifier(p)) == isGenerator
                #expect(moves == isOwn || isBalanced, "\(p.name)")
                #expect(gradient.values.allSatisfy { $0.isFinite })
            }
        }
    }

    @Test func `a term of no weight is told and moves nothing, and the paper's loss is the two terms`() {
        let gan = Self.gan()
        let report = gan.generatorLoss(signals(gan), step: 0)
        #expect(Set(report.sums.keys) == ["adversarial", "features", "mel"])
        let expected = (report.sums["adversarial"]! + report.sums["features"]! * 10) / 3
        expectClose(report.loss, expected, relative: 1e-5)
        // Before the discriminators have learned anything, nothing is left of the paper's loss.
        let early = Self.gan { $0.warmup = 5 }
        #expect(early.generatorLoss(signals(early), step: 4).loss.scalar == 0)
        #expect(early.generatorLoss(signals(early), step: 5).loss.scalar != 0)
    }

    @Test func `the loss of a batch is the mean of its examples'`() {
        let gan = Self.gan { ($0.mel, $0.spectra) = (2, 3) }
        let x = signals(gan)
        for loss in [{ gan.generatorLoss($0, step: 0) }, { gan.discriminatorLoss($0) }] as [(Tensor) -> LossReport] {
            let whole = loss(x)
            let alone = (0..<3).map { loss(x.slice(0, $0..<$0 + 1)) }
            expectClose(whole.loss, alone.map(\.loss).reduce(Tensor(0), +) / 3, relative: 1e-5)
            for (name, sum) in whole.sums {
                expectClose(sum, alone.map { $0.sums[name]! }.reduce(Tensor(0), +), relative: 1e-4, name)
            }
        }
    }

    @Test func `what it learns from is the spectrogram of the longer recording`() {
        // A generator that heard mirrored edges would be told another first frame.
        let gan = Self.gan()
        let x = signals(gan, 1)
        let frames = Self.mel.inner(signals: x)
        #expect(frames.shape == [1, 16, 10])
        let centred = Self.mel(Sound(rate: 8000, samples: x.values))
        // Frame n of the example is centred on sample 32 + 16 n of it, which is 8 + 16 n of the segment.
        for n in 0..<16 {
            expectIdentical(frames.slice(1, n..<n + 1).reshaped([10]), centred.slice(0, n + 2..<n + 3).reshaped([10]))
        }
        // The way that can be differentiated gives the same, of several at once too.
        let several = Noise(seed: 5).normal([2, 300]) * 0.1
        let recorded = Self.mel.inner(signals: several.requiringGradient())
        expectClose(recorded, Self.mel.inner(signals: several), relative: 1e-5)
        expectIdentical(Self.mel.inner(signals: several.slice(0, 1..<2)), Self.mel.inner(signals: several).slice(0, 1..<2))
        gradientCheck("mel", [several], step: 3e-4, tolerance: 3e-2) { Self.mel.inner(signals: $0[0]) }
    }

    @Test func `a few steps make a tone's spectrogram sound like it`() {
        let gan = Self.gan { ($0.mel, $0.spectra, $0.warmup) = (5, 1, 1000) }
        let x = signals(gan)
        let parameters = gan.generator.parameters()
        var moments = parameters.map { Tensor.zeros($0.shape) }
        let first = gan.generatorLoss(x, step: 0).loss.scalar
        for _ in 0..<60 {
            let found = gradients(of: gan.generatorLoss(x, step: 0).loss, wrt: parameters.map(\.value))
            for (i, p) in parameters.enumerated() {
                moments[i] = moments[i] * 0.9 + found[i].square() * 0.1
                p.set(p.value - found[i] / (moments[i].sqrt() + 1e-6) * 3e-3)
            }
        }
        let last = gan.generatorLoss(x, step: 0).loss.scalar
        #expect(last < 0.6 * first, "\(first) to \(last)")
    }

    @Test func `a long spectrogram's sound does not tell where it was cut`() {
        let generator = MelGANGenerator(Self.configuration)
        generator.initialize(Noise(seed: 3))
        let vocoder = MelGANVocoder(generator, settings: Self.settings)
        let spectrogram = Noise(seed: 4).uniform([300, 10])
        let sound = vocoder.sound(of: spectrogram, noise: Noise(seed: 0))
        #expect(sound.rate == 8000 && sound.frames == 299 * 16)
        // In one piece; half a hop lies before the beginning.
        let expected = withoutGradients { generator(spectrogram.unsqueezed(0)) }.slice(1, 8..<8 + 299 * 16)
        expectClose(Tensor(sound.samples, [1, sound.frames]), expected, relative: 1e-5)
        let spread = sound.samples.max()! - sound.samples.min()!
        #expect(spread > 0.01, "there is something to compare")
        for frames in [1, 2, 128, 129] {
            let part = vocoder.sound(of: spectrogram.slice(0, 0..<frames), noise: Noise(seed: 0))
            #expect(part.frames == max(1, (frames - 1) * 16))
        }
    }

    @Test func `sizes that cannot be are told`() throws {
        var c = MelGANConfiguration()
        try c.check(at: "model")
        try MelGANConfiguration.small.check(at: "model")
        #expect(c.hop == 256)
        c.ratios = [8, 0]
        #expect(throws: InputError.self) { try c.check(at: "model") }
        var d = MelGANDiscriminatorConfiguration()
        try d.check(at: "discriminator")
        d.channels = 6
        #expect(throws: InputError.self) { try d.check(at: "discriminator") }
        (d.channels, d.largestChannels) = (16, 72)
        let error = #expect(throws: InputError.self) { try d.check(at: "discriminator") }
        #expect(error?.place == "discriminator.largest_channels")
    }
}
