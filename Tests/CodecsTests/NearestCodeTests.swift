import Codecs
import Networks
import Tensors
import TestKit
import Testing

@Suite struct NearestCodeTests {
    private typealias Configuration = NearestCodeConfiguration

    private func quantizer(
        codes: Int = 6, width: Int = 3, _ change: (inout NearestCodeConfiguration) -> Void = { _ in }
    ) -> NearestCode {
        var c = Configuration()
        c.codes = codes
        change(&c)
        let quantizer = NearestCode(c, width: width)
        quantizer.initialize(Noise(seed: 3))
        return quantizer
    }

    private let places = [Noise(seed: 1), Noise(seed: 2)]
    private let h = Noise(seed: 5)("h").normal([2, 4, 3, 3])

    @Test func `each term of the loss moves only its side`() {
        for form in Configuration.Form.allCases {
            for learning in Configuration.Learning.allCases {
                let q = quantizer { ($0.form, $0.learning) = (form, learning) }
                let leaf = h.requiringGradient()
                let loss = q.quantize(leaf, places: places, step: 0).loss
                let chosen = q.vectors(of: q.tokens(of: h)).detached()
                let n = Float(h.count)
                let gh = gradients(of: loss, wrt: [leaf], retaining: true)[0]
                expectClose(
                    gh, (h - chosen) * (2 / n * (form == .paper ? 0.25 : 1)), relative: 1e-5,
                    "\(form) \(learning)")
                guard let table = q.parameters().first else {
                    #expect(learning != .gradient)
                    continue
                }
                // Codes are pulled to the sum of what chose them, by the other weight.
                let gt = gradients(of: loss, wrt: [table.value])[0].values
                var expected = [Float](repeating: 0, count: 18)
                let (rows, near) = (h.values, chosen.values)
                let weight: Float = 2 / n * (form == .paper ? 1 : 0.25)
                for (i, token) in q.tokens(of: h).values.enumerated() {
                    for d in 0..<3 {
                        expected[Int(token) * 3 + d] += (near[i * 3 + d] - rows[i * 3 + d]) * weight
                    }
                }
                expectClose(Tensor(gt, [6, 3]), Tensor(expected, [6, 3]), relative: 1e-4, "\(form) codes")
            }
        }
    }

    @Test func `the encoder receives the decoder's gradient as if nothing had been rounded`() {
        let q = quantizer { $0.beta = 0 }
        let leaf = h.requiringGradient()
        let out = q.quantize(leaf, places: places, step: 0)
        expectIdentical(out.vectors, q.vectors(of: out.tokens))
        let cotangent = Noise(seed: 6).normal(h.shape)
        expectIdentical(gradients(of: [(out.vectors, cotangent)], wrt: [leaf])[0], cotangent)
    }

    @Test func `tokens are the nearest codes`() {
        let q = quantizer()
        let (rows, codes) = (h.values, q.codeVectors.values)
        func distance(_ i: Int, _ k: Int) -> Float {
            var sum: Float = 0
            for d in 0..<3 {
                sum += (rows[i * 3 + d] - codes[k * 3 + d]) * (rows[i * 3 + d] - codes[k * 3 + d])
            }
            return sum
        }
        let expected = (0..<24).map { i in
            Int32((0..<6).min { a, b in distance(i, a) < distance(i, b) }!)
        }
        #expect(q.tokens(of: h) == Tokens(expected, [2, 4, 3]))
    }

    /// Averages by the formula, in f64 from the tokens.
    @Test(arguments: [[0..<6], [0..<3, 3..<6], [0..<1, 1..<5, 5..<6]])
    func `averages follow the formula whatever the microbatches`(_ parts: [Range<Int>]) {
        let q = quantizer { $0.window = 0 }
        var counts = [Double](repeating: 0, count: 6)
        var sums = [Double](repeating: 0, count: 18)
        for step in 0..<3 {
            let h = Noise(seed: 7)(step).normal([6, 2, 2, 3])
            let tokens = q.tokens(of: h)
            var total: [String: Tensor] = [:]
            for part in parts {
                let out = q.quantize(h.slice(0, part), places: part.map { Noise(seed: 0)($0) }, step: step)
                for (name, sum) in out.sums { total[name] = total[name].map { $0 + sum } ?? sum }
            }
            q.commit(total, step: step)
            counts = counts.map { $0 * 0.99 }
            sums = sums.map { $0 * 0.99 }
            for (i, token) in tokens.values.enumerated() {
                counts[Int(token)] += 0.01
                for d in 0..<3 { sums[Int(token) * 3 + d] += 0.01 * Double(h.values[i * 3 + d]) }
            }
            let n = counts.reduce(0, +)
            let smoothed = counts.map { ($0 + 1e-5) / (n + 6e-5) * n }
            let expected = sums.indices.map { Float(sums[$0] / smoothed[$0 / 3]) }
            expectClose(
                q.buffer("counts").value, Tensor(counts.map(Float.init), [6]), relative: 1e-5, "counts")
            expectClose(q.codeVectors, Tensor(expected, [6, 3]), relative: 2e-5, "codes after step \(step)")
        }
    }

    @Test func `forward passes change nothing`() {
        let q = quantizer()
        let before = q.buffers().map { $0.value.values }
        _ = q.quantize(h, places: places, step: 0)
        #expect(q.buffers().map { $0.value.values } == before)
    }

    @Test
    func `codes that nothing chose for the window are drawn anew from the batch, the rest are left alone`()
        throws
    {
        let q = quantizer(codes: 8) { ($0.window, $0.decay) = (3, 0.5) }
        // Two clouds far from each other; all other codes are far from both.
        func cloud(_ step: Int) -> Tensor {
            let x = Noise(seed: 8)(step).normal([4, 2, 2, 3]) * 0.1
            return concatenated([x.slice(0, 0..<2) + 5, x.slice(0, 2..<4) - 5], axis: 0)
        }
        q.buffer("codebook").value = concatenated(
            [.full([1, 3], 5), .full([1, 3], -5), .full([6, 3], 100)], axis: 0)
        q.buffer("idle").value = .zeros([8])
        for step in 0..<3 {
            let out = q.quantize(cloud(step), places: (0..<4).map { Noise(seed: 0)($0) }, step: step)
            #expect(Set(out.tokens.values) == [0, 1])
            q.commit(out.sums, step: step)
            if step < 2 {
                #expect(
                    q.buffer("idle").value.values == [0, 0] + .init(repeating: Float(step + 1), count: 6))
            }
        }
        let codes = q.codeVectors
        for k in 0..<8 {
            let near = codes.slice(0, k..<k + 1).values
            #expect(
                near.allSatisfy { abs(abs($0) - 5) < 0.6 } && Set(near.map { $0.sign }).count == 1,
                "code \(k) at \(near)")
        }
        #expect(q.buffer("idle").value.values == .init(repeating: 0, count: 8))
        #expect(Set((2..<8).map { codes.slice(0, $0..<$0 + 1).values }).count == 6, "each drawn for itself")
        let out = q.quantize(cloud(9), places: (0..<4).map { Noise(seed: 0)($0) }, step: 9)
        #expect(Set(out.tokens.values).count > 2, "the new codes are chosen")
    }

    @Test func `revival has its own place: the same step draws the same codes`() {
        func revived(_ step: Int) -> [Float] {
            let q = quantizer { $0.window = 1 }
            q.buffer("codebook").value = concatenated([.zeros([1, 3]), .full([5, 3], 100)], axis: 0)
            let out = q.quantize(h, places: places, step: step)
            q.commit(out.sums, step: step)
            return q.codeVectors.values
        }
        #expect(revived(4) == revived(4))
        #expect(revived(4) != revived(5))
    }

    @Test func `k-means finds separate clusters`() {
        let centres = Noise(seed: 9).normal([5, 3]) * 10
        let tokens = Tokens((0..<200).map { $0 % 5 })
        let rows = (embedding(centres, tokens) + Noise(seed: 10).normal([200, 3]) * 0.01).reshaped([
            2, 10, 10, 3,
        ])
        let q = quantizer(codes: 5)
        q.prepare(with: rows, noise: Noise(seed: 12))
        let found = q.codeVectors
        let order = nearestCodes(centres, found)
        #expect(Set(order.values).count == 5)
        expectClose(embedding(found, order), centres, absolute: 0.02)
        #expect(q.buffer("counts").value.values == .init(repeating: 40, count: 5))
        #expect(q.usage == 1)
        #expect(abs(q.perplexity - 5) < 1e-3)
    }

    @Test func `k-means with fewer vectors than codes leaves no code undefined`() {
        let q = quantizer(codes: 40)
        q.prepare(with: h, noise: Noise(seed: 12))
        #expect(q.codeVectors.values.allSatisfy { $0.isFinite })
        #expect(q.usage <= 24.0 / 40 && q.usage > 0.5)
    }

    @Test func `normalised vectors and codes lie on the sphere and scale does not matter`() {
        for learning in Configuration.Learning.allCases {
            let q = quantizer { ($0.isNormalised, $0.learning) = (true, learning) }
            q.prepare(with: h, noise: Noise(seed: 12))
            let out = q.quantize(h, places: places, step: 0)
            q.commit(out.sums, step: 0)
            expectClose(q.codeVectors.square().sum([-1]), .ones([6]), relative: 1e-5)
            expectClose(out.vectors.square().sum([-1]), .ones([2, 4, 3]), relative: 1e-5)
            #expect(q.tokens(of: h) == q.tokens(of: h * 7))
        }
    }

    @Test func `usage counts over the window, not the batch`() {
        let q = quantizer(codes: 4) { ($0.window, $0.decay) = (10, 0) }
        q.buffer("codebook").value = Tensor([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3], [4, 3])
        q.buffer("sums").value = q.buffer("codebook").value
        q.buffer("idle").value = .full([4], 10)
        for step in 0..<3 {
            let out = q.quantize(.full([1, 1, 1, 3], Float(step)), places: [Noise(seed: 0)], step: step)
            #expect(out.sums["code_usage"]?.scalar == Float(step) / 4)
            // Without squares there is nothing to draw from: this looks at counting alone.
            q.buffer("codebook").value = Tensor([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3], [4, 3])
            q.commit(out.sums, step: step)
            q.buffer("codebook").value = Tensor([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3], [4, 3])
        }
        #expect(q.usage == 0.75)
    }

    @Test func `bad settings are refused by name`() {
        for (field, change) in [
            ("codes", { $0.codes = 1 }), ("beta", { $0.beta = .nan }), ("decay", { $0.decay = 1 }),
            ("window", { $0.window = -1 }),
        ] as [(String, (inout NearestCodeConfiguration) -> Void)] {
            var c = Configuration()
            change(&c)
            let error = #expect(throws: InputError.self) { try c.check(at: "codec.quantizer") }
            #expect(error?.place == "codec.quantizer.\(field)")
        }
    }
}
