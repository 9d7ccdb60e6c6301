import Codecs
import Networks
import Tensors
import TestKit
import Testing
import Training

@Suite struct CodecTests {
    private func network() -> ConvCodecConfiguration {
        var c = ConvCodecConfiguration()
        c.mediaShape = [16, 16, 3]
        (c.channels, c.multipliers, c.latentChannels, c.groups) = (16, [1, 2], 4, 8)
        return c
    }

    private func kl(_ change: (inout KLAutoencoderConfiguration) -> Void = { _ in }) -> KLAutoencoder {
        var c = KLAutoencoderConfiguration()
        c.network = network()
        change(&c)
        let codec = KLAutoencoder(c)
        codec.initialize(Noise(seed: 1))
        return codec
    }

    private func vq(_ change: (inout VQVAEConfiguration) -> Void = { _ in }) -> VQVAE {
        var c = VQVAEConfiguration()
        c.network = network()
        c.quantizer = .nearest { $0.codes = 64 }
        change(&c)
        let codec = VQVAE(c)
        codec.initialize(Noise(seed: 1))
        return codec
    }

    @Test func `shapes are as the codec says, also with attention in a level, one channel and oblong media`() {
        let codec = kl {
            $0.network.mediaShape = [8, 24, 1]
            $0.network.multipliers = [1, 2, 2]
            $0.network.attentionLevels = [1]
            $0.network.blocks = 2
        }
        #expect(codec.latents == LatentSpec(kind: .continuous, shape: [2, 6, 4]))
        #expect(
            codec.parameters().contains { $0.name == "encoder.levels.1.attentions.1.queryKeyValue.weight" })
        #expect(codec.parameters().contains { $0.name == "decoder.levels.1.attentions.2.output.weight" })
        guard case .moments(let mean, let logVariance) = codec.encode(.zeros([3, 8, 24, 1])) else {
            Issue.record("a KL autoencoder encodes to moments")
            return
        }
        #expect(mean.shape == [3, 2, 6, 4] && logVariance.shape == mean.shape)
        #expect(codec.decode(mean).shape == [3, 8, 24, 1])
        let names = Set(codec.parameters().map(\.name))
        #expect(
            Set(AutoencoderKeys(codec).tensors.map(\.path)) == names, "the table of foreign names is complete"
        )
    }

    @Test(arguments: ConvCodecConfiguration.Norm.allCases)
    func `a norm over positions keeps what is far away out of a latent, one over the picture does not`(
        _ norm: ConvCodecConfiguration.Norm
    ) {
        let codec = vq {
            $0.network.mediaShape = [64, 64, 3]
            $0.network.norm = norm
            $0.network.middleAttention = false
        }
        // As published blocks begin as the identity, behind which no norm is seen.
        for p in codec.parameters() where p.shape.count > 1 { p.set(Noise(seed: 5)(p.name).normal(p.shape) * 0.2) }
        let plain = Noise(seed: 6).normal([1, 64, 64, 3])
        let corner = Tensor((0..<64 * 64 * 3).map { $0 < 12 ? 1 : 0 }, [1, 64, 64, 3])
        func farthest(_ x: Tensor) -> Tensor { codec.vectors(of: x).slice(1, 31..<32).slice(2, 31..<32) }
        let change = (farthest(plain + corner) - farthest(plain)).abs().sum().scalar
        #expect((change == 0) == (norm == .position), "\(norm): \(change)")
    }

    @Test func `token noise replaces up to its share of every other picture, half by tokens of its own, by its seed alone`() {
        let codec = vq { $0.tokenNoise = 0.5 }
        let (B, count) = (40, 256)
        // Every place has a vector of its own, so that it can be told where one came from.
        let vectors = Tensor((0..<B * count * 4).map { Float($0) + 1000 }, [B, 16, 16, 4])
        let places = (0..<B).map { Noise(seed: 7)($0) }
        let disturbed = codec.disturbed(vectors, places)
        expectIdentical(codec.disturbed(vectors.slice(0, 3..<4), [places[3]]), disturbed.slice(0, 3..<4))
        var (own, any) = (0, 0)
        let (before, after) = (vectors.values, disturbed.values)
        let clean = (0..<B).map { $0 * count * 4..<($0 + 1) * count * 4 }.count { before[$0] == after[$0] }
        #expect((12...28).contains(clean), "\(clean) of \(B) pictures are as they were")
        for row in 0..<B * count where after[4 * row] != before[4 * row] {
            if after[4 * row] < 1000 {
                any += 1
            } else {
                own += 1
                #expect(Int((after[4 * row] - 1000) / 4) / count == row / count, "of another picture")
            }
        }
        // An eighth in the mean; shares of 40 pictures scatter by 0.16.
        let all = Double(B * count)
        #expect(abs(Double(own + any) / all - 0.125) < 5 * 0.162 / Double(B).squareRoot())
        #expect(abs(Double(own) / Double(own + any) - 0.5) < 0.1)
        expectIdentical(vq().disturbed(vectors, places), vectors)
    }

    @Test func `an example's encoding and decoding do not depend on its batch, bit for bit`() {
        let x = discs([0, 1, 2, 3, 4], size: 16)
        let (real, tokens) = (kl(), vq())
        real.scramble(2)
        tokens.scramble(3)
        withoutGradients {
            tokens.prepare(with: Batch(media: x, places: [Noise(seed: 4)]))
            guard case .moments(let mean, let logVariance) = real.encode(x),
                case .tokens(let codes) = tokens.encode(x)
            else {
                Issue.record("wrong kind of latents")
                return
            }
            #expect(Set(codes.values).count > 1)
            let (pictures, pictured) = (real.decode(mean), tokens.decode(.tokens(codes)))
            for part in [0..<1, 1..<3, 3..<5] {
                guard case .moments(let m, let v) = real.encode(x.slice(0, part)),
                    case .tokens(let c) = tokens.encode(x.slice(0, part))
                else { return }
                expectIdentical(m, mean.slice(0, part), "mean")
                expectIdentical(v, logVariance.slice(0, part), "log-variance")
                #expect(c.values[...] == codes.values[part.lowerBound * 64..<part.upperBound * 64])
                expectIdentical(real.decode(m), pictures.slice(0, part), "decoded")
                expectIdentical(tokens.decode(.tokens(c)), pictured.slice(0, part), "decoded tokens")
            }
        }
    }

    @Test func `latents are normalised by the codec, and decoding undoes it`() {
        let codec = kl()
        codec.scramble(5)
        let batches = (0..<4).map { discs(Array($0 * 8..<$0 * 8 + 8), size: 16) }
        let raw = withoutGradients { codec.rawMoments(batches[0]) }
        let before = withoutGradients { codec.decode(raw.mean) }
        codec.fitStatistics(over: batches)
        var draws: [Tensor] = []
        for (i, batch) in batches.enumerated() {
            guard case .moments(let mean, let logVariance) = withoutGradients({ codec.encode(batch) }) else {
                return
            }
            for d in 0..<20 {
                draws.append(mean + (logVariance * 0.5).exp() * Noise(seed: 6)(i)(d).normal(mean.shape))
            }
        }
        let all = concatenated(draws, axis: 0)
        let means = all.mean([0, 1, 2])
        expectClose(means, .zeros([4]), absolute: 0.02, "means")
        expectClose((all - means).square().mean([0, 1, 2]), .ones([4]), absolute: 0.03, "variances")
        guard case .moments(let mean, let logVariance) = withoutGradients({ codec.encode(batches[0]) }) else {
            return
        }
        expectClose(withoutGradients { codec.decode(mean) }, before, relative: 1e-4, "decoded")
        // The ratio of deviation to spread is kept: normalising scales a draw as it scales its mean.
        let scale = codec.buffer("latentDeviation").value
        expectClose((logVariance * 0.5).exp() * scale, (raw.logVariance * 0.5).exp(), relative: 1e-4)
    }

    @Test func `the loss draws at the examples' places, whatever the microbatch`() {
        let codec = kl()
        codec.scramble(7)
        let x = discs([0, 1, 2], size: 16)
        let places = (0..<3).map { Noise(seed: 8)($0) }
        let whole = codec.loss(Batch(media: x, places: places))
        let parts = [0..<1, 1..<3].map {
            codec.loss(Batch(media: x.slice(0, $0), places: Array(places[$0])))
        }
        expectClose((parts[0].loss + parts[1].loss * 2) / 3, whole.loss, relative: 1e-5)
        for (name, sum) in whole.sums {
            expectClose(parts[0].sums[name]! + parts[1].sums[name]!, sum, relative: 1e-5, name)
        }
        let other = codec.loss(Batch(media: x, places: places.map { $0("other") }))
        #expect(other.loss.scalar != whole.loss.scalar)
    }

    @Test func `reported errors are those of the pictures`() {
        let codec = vq()
        codec.scramble(9)
        let x = discs([0, 1], size: 16)
        let report = codec.loss(Batch(media: x, places: [Noise(seed: 0), Noise(seed: 1)]), step: 0)
        let (y, original) = (codec.decode(codec.encode(x)).values, x.values)
        var (mse, psnr) = (0.0, 0.0)
        for b in 0..<2 {
            var error = 0.0
            for i in b * 768..<(b + 1) * 768 {
                let d = Double(min(1, max(-1, y[i]))) - Double(original[i])
                error += d * d / 768
            }
            mse += error
            psnr += -10 * Double(Tensor(Float(error / 4)).log().scalar) / 2.302585092994046
        }
        expectClose(report.sums["mse"]!, Tensor(Float(mse)), relative: 1e-4)
        expectClose(report.sums["psnr"]!, Tensor(Float(psnr)), relative: 1e-4)
    }

    @Test(.timeLimit(.minutes(1))) func `a KL autoencoder learns one batch by heart`() throws {
        let codec = kl()
        var plan = TrainingPlan()
        (plan.steps, plan.batch, plan.microbatch, plan.clip) = (150, 4, 4, 1)
        plan.optimizers = ["codec": .adamW(AdamWConfiguration(rate: LearningRate(peak: 2e-3)))]
        let trainer = Trainer(codec, plan: plan, source: DiscSource(4, size: 16))
        var last: StepReport?
        try trainer.run {
            last = $0
            return true
        }
        let psnr = try #require(last?.values.first { $0.name == "psnr" }).value
        #expect(psnr > 24, "PSNR \(psnr)")
    }

    @Test(.timeLimit(.minutes(1))) func `a VQ-VAE learns one batch by heart and keeps its codes in use`()
        throws
    {
        let codec = vq { $0.quantizer = .nearest { ($0.codes, $0.window) = (64, 30) } }
        var plan = TrainingPlan()
        (plan.steps, plan.batch, plan.microbatch, plan.clip) = (150, 4, 4, 1)
        plan.optimizers = ["codec": .adamW(AdamWConfiguration(rate: LearningRate(peak: 2e-3)))]
        let trainer = Trainer(codec, plan: plan, source: DiscSource(4, size: 16))
        try trainer.prepare(examples: 4)
        var last: StepReport?
        try trainer.run {
            last = $0
            return true
        }
        let values = Dictionary(uniqueKeysWithValues: try #require(last).values.map { ($0.name, $0.value) })
        #expect(try #require(values["psnr"]) > 21, "\(values)")
        #expect(try #require(values["code_usage"]) > 0.5, "\(values)")
    }

    @Test func `a step of training moves the codebook the same way whatever the microbatch`() throws {
        var books: [Tensor] = []
        for microbatch in [6, 3, 4] {
            let codec = vq()
            var plan = TrainingPlan()
            (plan.steps, plan.batch, plan.microbatch) = (1, 6, microbatch)
            let trainer = Trainer(codec, plan: plan, source: DiscSource(6, size: 16))
            try trainer.prepare(examples: 6)
            try trainer.run()
            books.append(codec.buffer("quantizer.codebook").value)
        }
        expectClose(books[1], books[0], relative: 1e-5)
        expectClose(books[2], books[0], relative: 1e-5)
    }

    @Test func `in bf16 losses and gradients stay near those of f32, and media come out as f32`() {
        let x = discs([0, 1, 2, 3], size: 16)
        let batch = Batch(media: x, places: (0..<4).map { Noise(seed: 8)($0) })
        let (real, tokens) = (kl(), vq())
        tokens.prepare(with: batch)
        for (codec, loss) in [(real, { real.loss(batch).loss }), (tokens, { tokens.loss(batch, step: 0).loss })]
            as [(Module, () -> Tensor)]
        {
            codec.parameters().filter { $0.initializer == .zeros }.forEach {
                $0.set(Noise(seed: 2)($0.name).normal($0.shape) * 0.05)
            }
            func run(_ precision: Precision) -> (Float, Tensor) {
                withPrecision(precision) {
                    let value = loss()
                    let parts = gradients(of: value, wrt: codec.parameters().map(\.value))
                    return (value.scalar, concatenated(parts.map { $0.reshaped([-1]) }, axis: 0))
                }
            }
            let (full, half) = (run(.f32), run(.bf16))
            #expect(abs(half.0 - full.0) < 0.02 * full.0, "\(half.0) for \(full.0)")
            let cosine = (full.1 * half.1).sum() / (full.1.square().sum() * half.1.square().sum()).sqrt()
            #expect(cosine.scalar > 0.98, "direction of the gradient: \(cosine.scalar)")
        }
        let y = withPrecision(.bf16) { real.decode(real.encode(x)) }
        #expect(y.dtype == .f32)
    }

    @Test func `reconstruction terms are what they are called`() {
        let x = Noise(seed: 1).normal([2, 4, 4, 1])
        let y = Noise(seed: 2).normal([2, 4, 4, 1])
        let d = zip(y.values, x.values).map { Double($0) - Double($1) }
        let l1 = d.reduce(0) { $0 + abs($1) } / 32
        let l2 = d.reduce(0) { $0 + $1 * $1 } / 32
        var (steps, pooled) = (0.0, 0.0)
        for b in 0..<2 {
            func at(_ i: Int, _ j: Int) -> Double { d[b * 16 + i * 4 + j] }
            for i in 0..<4 {
                for j in 0..<3 {
                    steps += abs(at(i, j + 1) - at(i, j)) / 24
                    steps += abs(at(j + 1, i) - at(j, i)) / 24
                }
            }
            for i in [0, 2] {
                for j in [0, 2] {
                    let block: Double = at(i, j) + at(i, j + 1) + at(i + 1, j) + at(i + 1, j + 1)
                    pooled += abs(block) / 32
                }
            }
        }
        expectClose(ReconstructionLoss(l1: 1, l2: 0)(y, x), Tensor(Float(l1)), relative: 1e-5)
        expectClose(ReconstructionLoss(l1: 0, l2: 3)(y, x), Tensor(Float(3 * l2)), relative: 1e-5)
        expectClose(
            ReconstructionLoss(l1: 0, l2: 0, gradient: 2)(y, x), Tensor(Float(2 * steps)), relative: 1e-5)
        expectClose(
            ReconstructionLoss(l1: 1, l2: 0, scales: 2)(y, x), Tensor(Float((l1 + pooled) / 2)),
            relative: 1e-5)
    }

    @Test func `bad settings are refused by name`() {
        for (field, change) in [
            ("size", { $0.network.mediaShape = [18, 17, 3] }),
            ("multipliers", { $0.network.multipliers = [] }),
            ("channels", { $0.network.channels = 0 }),
            ("attention_levels", { $0.network.attentionLevels = [2] }),
            ("kl_weight", { $0.klWeight = -1 }), ("loss.l1", { $0.reconstruction.l1 = .infinity }),
            ("loss.scales", { $0.reconstruction.scales = 9 }), ("groups", { $0.network.groups = 0 }),
        ] as [(String, (inout KLAutoencoderConfiguration) -> Void)] {
            var c = KLAutoencoderConfiguration()
            c.network = network()
            change(&c)
            let error = #expect(throws: InputError.self) { try c.check(at: "codec") }
            #expect(error?.place == "codec.\(field)", "\(String(describing: error))")
        }
    }
}
