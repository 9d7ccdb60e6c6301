import Networks
import TestKit
import Tensors
import Testing

@Suite struct BiasedAttentionTests {
    static let (B, N, M, H, K) = (2, 3, 5, 3, 7)
    let q = Noise(seed: 1)("q").normal([B, N, H, K])
    let k = Noise(seed: 1)("k").normal([B, M, H, K])
    let v = Noise(seed: 1)("v").normal([B, M, H, K])
    let bias = Noise(seed: 1)("bias").normal([H, N, M])
    let mask = Tensor([1, 1, 1, 0, 1, 1, 0, 1, 1, 0], [B, M])

    @Test(arguments: [false, true]) func `without a bias it is attention`(causal: Bool) {
        for mask in [nil, mask] {
            expectClose(
                biasedAttention(q, k, v, bias: .zeros(bias.shape), mask: mask, causal: causal, scale: 0.3),
                attention(q, k, v, mask: mask, causal: causal, scale: 0.3), relative: 1e-6)
        }
    }

    @Test func `a bias that hides is a mask`() {
        let hidden = Tensor([0, 0, -1e4, 0, 0], [5]).broadcast(to: bias.shape)
        let seen = Tensor([1, 1, 0, 1, 1], [1, 5]).broadcast(to: [2, 5])
        expectClose(
            biasedAttention(q, k, v, bias: bias + hidden), biasedAttention(q, k, v, bias: bias, mask: seen), relative: 1e-6)
    }

    @Test func `hidden keys change no bit, and a query without keys gets nothing`() {
        let noise = (1 - mask).reshaped([Self.B, Self.M, 1, 1]) * 50
        expectIdentical(
            biasedAttention(q, k, v, bias: bias, mask: mask, causal: true),
            biasedAttention(q, k + noise, v + noise, bias: bias, mask: mask, causal: true))
        let nothing = biasedAttention(q, k, v, bias: bias, mask: .zeros([Self.B, Self.M]))
        #expect(nothing.values.allSatisfy { $0 == 0 })
    }

    @Test(arguments: [false, true]) func `gradients agree with differences`(causal: Bool) {
        gradientCheck("biased", [q, k, v, bias]) { biasedAttention($0[0], $0[1], $0[2], bias: $0[3], scale: 0.5) }
        gradientCheck("biased and masked", [q, k, v, bias]) { [mask] in
            biasedAttention($0[0], $0[1], $0[2], bias: $0[3], mask: mask, causal: causal)
        }
    }

    @Test func `relative positions say the same of the same distance`() {
        let positions = RelativePositions(heads: 2, buckets: 8, reach: 12, looksAhead: true)
        positions.initialize(Noise(seed: 2))
        let whole = positions(queries: 0..<6, keys: 6).values
        func at(_ h: Int, _ q: Int, _ k: Int) -> Float { whole[(h * 6 + q) * 6 + k] }
        for h in 0..<2 {
            for q in 1..<6 { for k in 1..<6 { #expect(at(h, q, k) == at(h, q - 1, k - 1)) } }
            #expect(at(h, 0, 1) != at(h, 1, 0) && at(h, 0, 1) != at(h, 0, 2))
        }
        expectIdentical(positions(queries: 4..<6, keys: 6), positions(queries: 0..<6, keys: 6).slice(1, 4..<6))
    }
}
