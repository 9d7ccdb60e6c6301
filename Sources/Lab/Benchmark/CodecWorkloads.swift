import Codecs
import Networks
import Tensors
import Training

// The KL autoencoder of the benchmarks: f8, trained on 64x64 pictures; it decodes a larger one.
extension Workload {
    private static var autoencoder: KLAutoencoderConfiguration {
        var c = KLAutoencoderConfiguration()
        c.network.mediaShape = [64, 64, 3]
        c.network.channels = 64
        c.network.multipliers = [1, 2, 4, 4]
        c.network.blocks = 1
        c.network.latentChannels = 4
        c.network.groups = 32
        c.network.middleAttention = true
        c.klWeight = 1e-6
        c.reconstruction = ReconstructionLoss(l1: 0, l2: 1)
        return c
    }

    static var codecTraining: Workload {
        let c = autoencoder
        let batch = 16
        let weights = Double(KLAutoencoder(c).parameterCount)
        return Workload(
            name: "kl-train", summary: "loss, gradients and AdamW update, batch \(batch)",
            flops: 3 * (c.network.encoderFlops + c.network.decoderFlops) * Double(batch), bytes: 4 * weights * 8
        ) { precision in
            let model = KLAutoencoder(c)
            activated(model)
            let parameters = model.parameters()
            let optimizer = AdamW(AdamWConfiguration(rate: LearningRate(peak: 1e-4)), parameters)
            let x = Noise(seed: 2).uniform([batch] + c.network.mediaShape) * 2 - 1
            var step = 0
            return {
                let noise = Noise(seed: 3)(step).normal([batch] + model.latents.shape)
                step += 1
                let sum = sharded(batch, precision, wrt: parameters) { range in
                    model.loss(x.slice(0, range), noise: noise.slice(0, range)).total
                }
                optimizer.update(sum.gradients, rate: 1e-4)
            }
        }
    }

    static var codecDecoding: Workload {
        var c = autoencoder
        c.network.mediaShape = [256, 256, 3]
        let configuration = c
        return Workload(
            name: "kl-decode", summary: "one 32x32x4 latent to a 256x256 picture", flops: c.network.decoderFlops,
            bytes: 4 * Double(ConvDecoder(c.network).parameterCount)
        ) { precision in
            let model = KLAutoencoder(configuration)
            activated(model)
            let z = Noise(seed: 2).normal([1] + model.latents.shape)
            return { _ = withPrecision(precision) { withoutGradients { model.decodedRaw(z) } } }
        }
    }

    /// First values, with small numbers where the published start has zeros: those would leave work out.
    static func activated(_ model: Module) {
        model.initialize(Noise(seed: 0))
        for p in model.parameters() where p.initializer == .zeros { p.set(Noise(seed: 1)(p.name).normal(p.shape) * 0.02) }
    }
}

extension ConvCodecConfiguration {
    /// Of one picture: convolutions and attention; norms and activations are small beside them.
    var encoderFlops: Double {
        var count = Counter(self)
        count.convolution(mediaShape[2], widths[0], level: 0)
        for (i, width) in widths.enumerated() {
            for block in 0..<blocks {
                count.residual(block > 0 ? width : i == 0 ? widths[0] : widths[i - 1], width, level: i)
                if attentionLevels.contains(i) { count.attention(width, level: i) }
            }
            if i < widths.count - 1 { count.convolution(width, width, level: i + 1) }
        }
        count.middle()
        count.convolution(widths.last!, 2 * latentChannels, level: widths.count - 1)
        return count.flops
    }

    var decoderFlops: Double {
        var count = Counter(self)
        let deepest = widths.count - 1
        count.convolution(latentChannels, widths[deepest], level: deepest)
        count.middle()
        for i in widths.indices.reversed() {
            for block in 0...blocks {
                count.residual(block > 0 || i == deepest ? widths[i] : widths[i + 1], widths[i], level: i)
                if attentionLevels.contains(i) { count.attention(widths[i], level: i) }
            }
            if i > 0 { count.convolution(widths[i], widths[i], level: i - 1) }
        }
        count.convolution(widths[0], mediaShape[2], level: 0)
        return count.flops
    }
}

/// Adds up multiply-adds, each counted as two.
private struct Counter {
    let c: ConvCodecConfiguration
    var flops = 0.0

    init(_ c: ConvCodecConfiguration) { self.c = c }

    private func pixels(_ level: Int) -> Double { Double((c.mediaShape[0] >> level) * (c.mediaShape[1] >> level)) }

    mutating func convolution(_ input: Int, _ output: Int, level: Int, kernel: Int = 3) {
        flops += 2 * pixels(level) * Double(kernel * kernel * input * output)
    }

    mutating func residual(_ input: Int, _ output: Int, level: Int) {
        convolution(input, output, level: level)
        convolution(output, output, level: level)
        if input != output { convolution(input, output, level: level, kernel: 1) }
    }

    mutating func attention(_ width: Int, level: Int) {
        convolution(width, 4 * width, level: level, kernel: 1)
        flops += 4 * pixels(level) * pixels(level) * Double(width)
    }

    mutating func middle() {
        let (deepest, width) = (c.widths.count - 1, c.widths.last!)
        residual(width, width, level: deepest)
        if c.middleAttention { attention(width, level: deepest) }
        residual(width, width, level: deepest)
    }
}
