import Codecs
import Networks
import Tensors
import TestKit
import Testing
import Training

/// Gumbel draws and rounding to levels against `Tests/Goldens/quantizers.py`, and what their training relies on.
@Suite struct QuantizerTests {
    private func gumbel(_ change: (inout GumbelCodeConfiguration) -> Void = { _ in }) -> GumbelCode {
        var c = GumbelCodeConfiguration()
        (c.codes, c.temperature, c.klWeight, c.annealing) = (7, 0.7, 0.01, 100)
        change(&c)
        let quantizer = GumbelCode(c, width: 5)
        quantizer.initialize(Noise(seed: 3))
        return quantizer
    }

    @Test func `a Gumbel draw, its loss and every gradient are PyTorch's`() {
        let golden = Golden("quantizers")
        let q = gumbel()
        q.parameter("projection.weight").set(golden["gumbel.weight"])
        q.parameter("projection.bias").set(golden["gumbel.bias"])
        q.parameter("table").set(golden["gumbel.table"])
        let h = channelsLast(golden["gumbel.h"]).requiringGradient()
        let out = q.quantize(h, chance: channelsLast(golden["gumbel.noise"]), step: 0)
        #expect(out.tokens == golden.tokens("gumbel.indices"))
        #expect(q.tokens(of: h) == golden.tokens("gumbel.likeliest"))
        #expect(out.tokens != q.tokens(of: h), "chance decides something here")
        expectClose(out.vectors, channelsLast(golden["gumbel.quantized"]), relative: 1e-6)
        expectIdentical(out.vectors, q.vectors(of: out.tokens), "the decoder sees codes, not mixtures")
        expectClose(out.loss, golden["gumbel.loss"], relative: 1e-5)
        let names = ["h", "weight", "bias", "table"]
        let leaves = [h] + ["projection.weight", "projection.bias", "table"].map { q.parameter($0).value }
        let found = gradients(
            of: [(out.vectors, channelsLast(golden["gumbel.cotangent"])), (out.loss, Tensor(1))], wrt: leaves)
        for (name, gradient) in zip(names, found) {
            let expected = golden["gumbel.grad.\(name)"]
            expectClose(gradient, name == "h" ? channelsLast(expected) : expected, relative: 1e-5, name)
        }
    }

    @Test func `draws are an example's own, follow the probabilities, and cool down`() {
        let q = gumbel { ($0.temperature, $0.finalTemperature) = (2, 0.5) }
        let h = Noise(seed: 5).normal([3, 2, 2, 5])
        let places = (0..<3).map { Noise(seed: 6)($0) }
        let whole = q.quantize(h, places: places, step: 4)
        let part = q.quantize(h.slice(0, 1..<2), places: [places[1]], step: 4)
        #expect(part.tokens.values == Array(whole.tokens.values[4..<8]))
        // One position drawn often: frequencies are the softmax, whatever the temperature.
        let same = h.slice(0, 0..<1).slice(1, 0..<1).slice(2, 0..<1).broadcast(to: [4000, 1, 1, 5]).reshaped([4000, 1, 1, 5])
        let drawn = q.quantize(same, places: (0..<4000).map { Noise(seed: 7)($0) }, step: 0).tokens.values
        let weights = (q.parameter("projection.weight").value, q.parameter("projection.bias").value)
        let p = linear(same.slice(0, 0..<1).reshaped([1, 5]), weights.0, weights.1).softmax().values
        for k in 0..<7 {
            let share = Float(drawn.count { $0 == Int32(k) }) / 4000
            #expect(abs(share - p[k]) < 4 * (p[k] * (1 - p[k]) / 4000).squareRoot() + 1e-3, "code \(k): \(share) for \(p[k])")
        }
        #expect(q.temperature(at: 0) == 2 && q.temperature(at: 100) == 0.5 && q.temperature(at: 5000) == 0.5)
        #expect(abs(q.temperature(at: 50) - 1.25) < 1e-6)
        #expect(whole.sums["temperature"]?.scalar == 3 * q.temperature(at: 4))
    }

    @Test func `the divergence is 0 for equal probabilities and log K for certainty`() {
        let q = gumbel { $0.klWeight = 1 }
        q.parameter("projection.weight").set(.zeros([7, 5]))
        q.parameter("projection.bias").set(.zeros([7]))
        let h = Noise(seed: 5).normal([2, 3, 1, 5])
        let places = [Noise(seed: 1), Noise(seed: 2)]
        #expect(abs(q.quantize(h, places: places, step: 0).loss.scalar) < 1e-6)
        q.parameter("projection.bias").set(Tensor([100, 0, 0, 0, 0, 0, 0], [7]))
        expectClose(q.quantize(h, places: places, step: 0).loss, Tensor(7).log(), relative: 1e-5)
    }

    @Test func `rounding to levels, its tokens and its gradient are the paper's`() {
        let golden = Golden("quantizers")
        let q = FSQ(levels: [8, 5, 4, 3, 2])
        #expect(q.codes == 960 && q.width == 5 && q.parameters().isEmpty && q.buffers().isEmpty)
        let h = channelsLast(golden["fsq.h"]).requiringGradient()
        let out = q.quantize(h, places: [], step: 0)
        expectClose(out.vectors, channelsLast(golden["fsq.quantized"]), relative: 1e-6)
        #expect(out.tokens == golden.tokens("fsq.indices") && q.tokens(of: h) == out.tokens)
        #expect(out.loss.scalar == 0)
        let gradient = gradients(of: [(out.vectors, channelsLast(golden["fsq.cotangent"]))], wrt: [h])[0]
        expectClose(gradient, channelsLast(golden["fsq.grad.h"]), relative: 1e-5)
        let all = Tokens((0..<960).map { $0 })
        expectClose(q.vectors(of: all), golden["fsq.codebook"], relative: 1e-6)
    }

    @Test func `bad settings are refused by name`() {
        var gumbel = GumbelCodeConfiguration()
        for (field, change) in [
            ("codes", { $0.codes = 1 }), ("temperature", { $0.temperature = 0 }),
            ("final_temperature", { $0.finalTemperature = .nan }), ("annealing", { $0.annealing = -1 }),
            ("kl_weight", { $0.klWeight = -1 }),
        ] as [(String, (inout GumbelCodeConfiguration) -> Void)] {
            gumbel = GumbelCodeConfiguration()
            change(&gumbel)
            let error = #expect(throws: InputError.self) { try QuantizerConfiguration.gumbel(gumbel).check(at: "codec") }
            #expect(error?.place == "codec.\(field)")
        }
        for levels in [[], [8, 1], [1024, 1024, 2], Array(repeating: 1024, count: 40)] {
            let error = #expect(throws: InputError.self) { try QuantizerConfiguration.fsq(levels: levels).check(at: "codec") }
            #expect(error?.place == "codec.levels", "\(levels)")
        }
    }

    @Test(arguments: ["gumbel", "fsq"]) func `a codec learns one batch by heart through it`(_ kind: String) throws {
        var c = VQVAEConfiguration()
        c.network.mediaShape = [16, 16, 3]
        (c.network.channels, c.network.multipliers, c.network.latentChannels, c.network.groups) = (16, [1, 2], 4, 8)
        var gumbel = GumbelCodeConfiguration()
        (gumbel.codes, gumbel.annealing) = (64, 100)
        c.quantizer = kind == "gumbel" ? .gumbel(gumbel) : .fsq(levels: [5, 5, 5])
        let codec = VQVAE(c)
        codec.initialize(Noise(seed: 1))
        #expect(codec.latents == LatentSpec(kind: .tokens(codes: kind == "gumbel" ? 64 : 125), shape: [8, 8]))
        var plan = TrainingPlan()
        (plan.steps, plan.batch, plan.microbatch, plan.clip) = (150, 4, 4, 1)
        plan.optimizers = ["codec": .adamW(AdamWConfiguration(rate: LearningRate(peak: 2e-3)))]
        let trainer = Trainer(codec, plan: plan, source: DiscSource(4, size: 16))
        try trainer.prepare(examples: 4)
        var psnr: [Double] = []
        try trainer.run { report in
            psnr += report.values.filter { $0.name == "psnr" }.map(\.value)
            return true
        }
        #expect(psnr[149] > 19 && psnr[149] > psnr[0] + 6, "PSNR from \(psnr[0]) to \(psnr[149])")
    }
}
