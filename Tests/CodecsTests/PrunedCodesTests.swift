import Codecs
import Foundation
import Networks
import Tensors
import TestKit
import Testing

/// What is left of a quantizer when codes that data make no use of are dropped.
@Suite struct PrunedCodesTests {
    private static let kinds = ["nearest", "gumbel", "fsq"]
    private let h = Noise(seed: 5)("h").normal([4, 5, 5, 3])

    private func quantizer(_ kind: String, _ learning: NearestCodeConfiguration.Learning = .averages) -> PrunedCodes {
        var (nearest, gumbel) = (NearestCodeConfiguration(), GumbelCodeConfiguration())
        (nearest.codes, nearest.learning, gumbel.codes) = (60, learning, 60)
        let all: any Quantizer =
            switch kind {
            case "nearest": NearestCode(nearest, width: 3)
            case "gumbel": GumbelCode(gumbel, width: 3)
            default: FSQ(levels: [5, 4, 3])
            }
        all.initialize(Noise(seed: 3))
        return PrunedCodes(all)
    }

    @Test(arguments: kinds) func `the codes that occur keep their vectors under new numbers`(_ kind: String) {
        let q = quantizer(kind)
        let before = q.tokens(of: h)
        let vectors = q.vectors(of: before)
        #expect(q.codes == 60)
        q.keep(Set(before.values))
        #expect(q.kept == Set(before.values).map(Int.init).sorted())
        #expect(q.codes < 60 && q.codes == Set(before.values).count)
        let after = q.tokens(of: h)
        #expect(after.shape == before.shape && Set(after.values) == Set(0..<Int32(q.codes)))
        expectIdentical(q.vectors(of: after), vectors)
    }

    @Test(arguments: kinds) func `a vector whose code is gone takes the nearest of the kept`(_ kind: String) {
        let q = quantizer(kind)
        let kept: Set<Int32> = [3, 11, 12, 40, 59]
        // By hand: how near, or how likely, each kept code is.
        let codes = q.all.vectors(of: Tokens(kept.sorted(), [5])).values
        let rows: Tensor
        switch kind {
        case "nearest": rows = h
        case "gumbel":
            rows = linear(h, q.parameter("all.projection.weight").value, q.parameter("all.projection.bias").value)
        default:
            // Before rounding, on the scale of the codes: the levels' range around the middle one.
            let x = h.values
            rows = Tensor(
                x.indices.map { i in
                    let L = Float([5, 4, 3][i % 3])
                    let half = (L - 1) * 0.999 / 2
                    let offset: Float = i % 3 == 1 ? 0.5 : 0
                    return (tanhf(x[i] + tanf(offset / half)) * half - offset) / Float(Int(L) / 2)
                }, h.shape)
        }
        let values = rows.values
        let width = kind == "gumbel" ? 60 : 3
        let expected = (0..<100).map { row -> Int32 in
            let scores = kept.sorted().enumerated().map { i, code -> Float in
                if kind == "gumbel" { return -values[row * width + Int(code)] }
                return (0..<3).reduce(0) { $0 + pow(values[row * 3 + $1] - codes[i * 3 + $1], 2) }
            }
            return Int32(scores.indices.min { scores[$0] < scores[$1] }!)
        }
        q.keep(kept)
        #expect(q.tokens(of: h).values == expected)
        #expect(q.tokens(of: h, among: [0, 4]).values.allSatisfy { $0 < 2 })
    }

    @Test func `learning again makes all codes of use again`() {
        let q = quantizer("nearest")
        q.keep([1, 2])
        let out = q.quantize(h, places: (0..<4).map { Noise(seed: 0)($0) }, step: 0)
        #expect(q.codes == 2, "a forward pass changes nothing")
        #expect(Set(out.tokens.values).count > 2)
        q.commit(out.sums, step: 0)
        #expect(q.codes == 60)
    }

    @Test func `codes that do not learn stay what they are, those that are gone too`() {
        let q = quantizer("nearest", .none)
        q.keep([1, 2])
        let before = (q.tokens(of: h), q.vectors(of: q.tokens(of: h)))
        q.prepare(with: h, noise: Noise(seed: 6))
        let out = q.quantize(h, places: (0..<4).map { Noise(seed: 0)($0) }, step: 0)
        q.commit(out.sums, step: 0)
        #expect(q.codes == 2 && q.tokens(of: h) == before.0)
        expectIdentical(q.vectors(of: before.0), before.1)
    }

    @Test(arguments: kinds) func `a pruned codec is the same after saving and loading`(_ kind: String) throws {
        func codec() -> VQVAE {
            var c = VQVAEConfiguration()
            c.network = fixtureNetwork(4, [1, 2], latent: 3, groups: 2)
            var gumbel = GumbelCodeConfiguration()
            gumbel.codes = 60
            c.quantizer =
                kind == "nearest" ? .nearest { $0.codes = 60 } : kind == "gumbel" ? .gumbel(gumbel) : .fsq(levels: [5, 4, 3])
            c.prunesCodes = true
            return VQVAE(c)
        }
        let trained = codec()
        trained.initialize(Noise(seed: 1))
        trained.scramble(2, deviation: 0.3)
        let batches = [discs([0, 1], size: 16), discs([2, 3, 4], size: 16)]
        if kind == "gumbel" {
            // Logits that differ as the pictures' vectors do, and not by a constant.
            let weight = Noise(seed: 3).normal([60, 3]) * 20
            trained.parameter("quantizer.all.projection.weight").set(weight)
            let mean = withoutGradients { trained.vectors(of: batches[1]).mean([0, 1, 2]) }
            trained.parameter("quantizer.all.projection.bias").set(-(weight * mean).sum(1))
        }
        #expect(trained.latents.kind == .tokens(codes: 60))
        trained.prune(over: batches)
        guard case .tokens(let codes) = trained.latents.kind else { return }
        #expect(codes > 1 && codes < 60, "\(codes) codes")
        let file = FileManager.default.temporaryDirectory.path + "/pruned-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Weights.write(trained, to: file)
        let loaded = codec()
        try Weights.read(into: loaded, from: file)
        #expect(loaded.latents == trained.latents)
        // Of pictures it never saw too, whose codes may be gone.
        let x = discs(Array(0..<12), size: 16)
        withoutGradients {
            guard case .tokens(let a) = trained.encode(x), case .tokens(let b) = loaded.encode(x) else { return }
            #expect(a == b && a.values.allSatisfy { $0 < codes })
            expectIdentical(loaded.decode(.tokens(b)), trained.decode(.tokens(a)))
        }
        // Pruned once more it is what it was.
        trained.prune(over: batches)
        #expect(trained.latents == loaded.latents)
    }

    @Test func `without prune nothing is added to a codec's file`() {
        var c = VQVAEConfiguration()
        c.network = fixtureNetwork(4, [1, 2], latent: 3, groups: 2)
        let codec = VQVAE(c)
        #expect(codec.buffers().map(\.name).sorted() == ["codebook", "counts", "idle", "sums"].map { "quantizer." + $0 })
    }
}
