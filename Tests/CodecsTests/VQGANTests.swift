import Codecs
import Networks
import Tensors
import TestKit
import Testing
import Training

/// The two phases of a VQGAN, how its losses are balanced, and when the discriminator comes in.
@Suite struct VQGANTests {
    /// Sees colours through one fixed convolution.
    private final class Eye: Module, FeatureExtractor {
        let conv = Conv2d(3, 6, kernel: 3, stride: 2, padding: Padding(1))
        func maps(of x: Tensor) -> [Tensor] { [conv(x)] }
        func vectors(of x: Tensor) -> Tensor { conv(x).mean([1, 2]) }
    }

    private let eye: Eye = {
        let eye = Eye()
        eye.initialize(Noise(seed: 9))
        return eye
    }()

    private func gan(sees: Bool = true, _ change: (inout VQGANConfiguration) -> Void = { _ in }) -> VQGAN {
        var codec = VQVAEConfiguration()
        codec.network = fixtureNetwork(8, [1, 2], latent: 4, groups: 4)
        codec.quantizer = .nearest { ($0.codes, $0.window) = (32, 30) }
        codec.reconstruction = ReconstructionLoss(l1: 1, l2: 0.5)
        var c = VQGANConfiguration()
        (c.discriminator.channels, c.discriminator.layers) = (8, 2)
        (c.perceptualWeight, c.weight) = (0.7, 0.6)
        change(&c)
        let gan = VQGAN(c, autoencoder: VQVAE(codec), perceptual: sees ? PerceptualLoss(eye) : nil)
        gan.initialize(Noise(seed: 1))
        return gan
    }

    private let batch = Batch(media: discs([0, 1, 2], size: 16), places: (0..<3).map { Noise(seed: 8)($0) })

    private func parameters(_ gan: VQGAN, _ part: String) -> [Parameter] {
        gan.parameters().filter { $0.name.hasPrefix(part + ".") }
    }

    @Test func `each phase's loss moves only its side, and all of it`() {
        let gan = gan()
        gan.scramble(2)
        gan.prepare(with: batch)
        #expect(gan.phases.map(\.name) == ["codec", "discriminator"])
        let sides = ["autoencoder", "discriminator"]
        for (phase, own) in zip(gan.phases, sides) {
            let names = Set(phase.parameters.map(ObjectIdentifier.init))
            #expect(names == Set(parameters(gan, own).map(ObjectIdentifier.init)), "\(phase.name)")
            for side in sides {
                let found = gradients(of: phase.loss(batch, 0).loss, wrt: parameters(gan, side).map(\.value))
                for (parameter, gradient) in zip(parameters(gan, side), found) {
                    let isMoved = gradient.values.contains { $0 != 0 }
                    #expect(isMoved == (side == own), "\(phase.name): \(parameter.name)")
                }
            }
        }
    }

    /// Everything once more without cuts: one graph, each term differentiated through all of it.
    @Test(arguments: [1e4, 0.01] as [Float])
    func `the adaptive weight, the loss and its gradient are those of the plain formulas`(_ cap: Float) throws {
        for kind in AdversarialLoss.allCases {
            let gan = gan { ($0.loss, $0.cap, $0.changes) = (kind, cap, [.color, .translation]) }
            gan.scramble(2)
            gan.prepare(with: batch)
            let codec = gan.autoencoder
            let x = batch.media!
            let own = parameters(gan, "autoencoder").map(\.value)
            let quantized = codec.quantizer.quantize(codec.vectors(of: x), places: batch.places, step: 5)
            let y = codec.decoded(quantized.vectors)
            let fidelity =
                (y - x).abs().mean() + (y - x).square().mean() * 0.5 + PerceptualLoss(eye)(y, x).mean() * 0.7
            var seen = y
            for change in gan.configuration.changes { seen = change(seen, batch.places.map { $0("change") }) }
            let judge = PatchDiscriminator(gan.configuration.discriminator)
            for (ours, theirs) in zip(judge.parameters(), parameters(gan, "discriminator")) { ours.set(theirs.value) }
            let adversarial = kind.generator(fake: judge(seen))
            func norm(_ loss: Tensor) -> Float {
                gradients(of: loss, wrt: [codec.lastWeight.value], retaining: true)[0].square().sum().sqrt().scalar
            }
            let plain = norm(fidelity) / (norm(adversarial) + 1e-4)
            #expect(plain > 0.02 && plain < 1e4, "\(plain)")
            let weight = min(plain, cap)
            let expected = fidelity + adversarial * (weight * 0.6) + quantized.loss

            let report = gan.codecLoss(batch, step: 5)
            expectClose(try #require(report.sums["adaptive_weight"]), Tensor(3 * weight), relative: 1e-4)
            expectClose(try #require(report.sums["adversarial"]), adversarial * 3, relative: 1e-4)
            expectClose(report.loss, expected, relative: 1e-5, "loss")
            let (found, wanted) = (gradients(of: report.loss, wrt: own), gradients(of: expected, wrt: own))
            for (i, parameter) in parameters(gan, "autoencoder").enumerated() {
                expectClose(found[i], wanted[i], relative: 2e-4, absolute: 1e-6, parameter.name)
            }
        }
    }

    @Test func `the discriminator learns from start on, and is listened to after its warm-up`() throws {
        let gan = gan { ($0.start, $0.warmup) = (3, 4) }
        #expect((0..<9).map { gan.phases[1].isActive($0) } == [false, false, false] + .init(repeating: true, count: 6))
        #expect((0..<9).allSatisfy { gan.phases[0].isActive($0) })
        for step in 0..<9 {
            let sums = gan.codecLoss(batch, step: step).sums
            #expect((sums["adversarial"] != nil) == (step >= 7), "step \(step)")
            #expect((sums["adaptive_weight"] != nil) == (step >= 7), "step \(step)")
        }
        // In the trainer: weights stand still until then, and so does their optimiser.
        var plan = TrainingPlan()
        (plan.steps, plan.batch, plan.microbatch, plan.averageDecay) = (5, 3, 3, 0.5)
        plan.optimizers = [
            "codec": .adamW(AdamWConfiguration(rate: LearningRate(peak: 1e-3))),
            "discriminator": .adamW(AdamWConfiguration(rate: LearningRate(peak: 1e-2), decay: 0.5)),
        ]
        let trainer = Trainer(gan, plan: plan, source: DiscSource(3, size: 16))
        let judge = parameters(gan, "discriminator")
        let before = judge.map(\.value.values)
        var losses: [[String]] = []
        try trainer.run { report in
            losses.append(report.values.map(\.name).filter { $0.hasPrefix("loss") })
            #expect((judge.map(\.value.values) == before) == (report.step <= 3), "step \(report.step)")
            return true
        }
        #expect(losses[2] == ["loss", "loss/codec"] && losses[3] == ["loss", "loss/codec", "loss/discriminator"])
    }

    @Test func `microbatches draw and change as the whole batch does`() {
        let gan = gan { $0.changes = [.color, .translation] }
        gan.scramble(2)
        gan.prepare(with: batch)
        let whole = gan.discriminatorLoss(batch, step: 0)
        let parts = [0..<1, 1..<3].map { rows in
            gan.discriminatorLoss(
                Batch(media: batch.media!.slice(0, rows), places: Array(batch.places[rows])), step: 0)
        }
        expectClose((parts[0].loss + parts[1].loss * 2) / 3, whole.loss, relative: 1e-5)
        for (name, sum) in whole.sums { expectClose(parts[0].sums[name]! + parts[1].sums[name]!, sum, relative: 1e-5, name) }
    }

    @Test(.timeLimit(.minutes(1))) func `both phases train: pictures get nearer, and the judge tells them apart`() throws {
        let gan = gan { ($0.start, $0.warmup, $0.weight) = (20, 30, 0.3) }
        var plan = TrainingPlan()
        (plan.steps, plan.batch, plan.microbatch, plan.clip, plan.averageDecay) = (150, 4, 4, 1, 0.9)
        plan.optimizers = ["default": .adamW(AdamWConfiguration(rate: LearningRate(peak: 2e-3), betas: (0.5, 0.9)))]
        let trainer = Trainer(gan, plan: plan, source: DiscSource(4, size: 16))
        try trainer.prepare(examples: 4)
        var reports: [[String: Double]] = []
        try trainer.run { report in
            reports.append(Dictionary(uniqueKeysWithValues: report.values.map { ($0.name, $0.value) }))
            return true
        }
        let (first, middle, last) = (reports[0], reports[60], reports[149])
        #expect(try #require(last["psnr"]) > #require(first["psnr"]) + 5, "\(first) to \(last)")
        #expect(try #require(last["perceptual"]) < 0.7 * #require(first["perceptual"]), "\(first) to \(last)")
        // The step at which the decoder begins to listen ruins nothing.
        let around = reports[48...60].compactMap { $0["psnr"] }
        #expect(try #require(around.min()) > #require(around.first) - 2.5, "\(around)")
        #expect(try #require(middle["real_logits"]) > #require(middle["fake_logits"]), "\(middle)")
        #expect(try #require(middle["adaptive_weight"]) > 0, "\(middle)")
    }

    @Test func `without a perceptual network there is only its term less`() {
        let (seeing, blind) = (gan(), gan(sees: false))
        #expect(seeing.parameters().map(\.name) == blind.parameters().map(\.name), "the network is no part of the model")
        let sums = (seeing.codecLoss(batch, step: 0).sums, blind.codecLoss(batch, step: 0).sums)
        #expect(sums.0["perceptual"] != nil && sums.1["perceptual"] == nil)
        expectIdentical(sums.0["reconstruction"]!, sums.1["reconstruction"]!)
    }
}
