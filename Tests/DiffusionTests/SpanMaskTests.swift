import Diffusion
import TestKit
import Tensors
import Testing

/// Spans that are known, and what the sheet of Strudel et al. 2022 asks of diffusion among vectors of tokens.
@Suite struct SpanMaskTests {
    private func draws(_ count: Int, most: Int = 5, length: Int = 20) -> [[Bool]] {
        let mask = SpanMask(most: most)
        return (0..<count).map { mask.draw(Noise(seed: 5)($0), length: length) }
    }

    @Test func `as many spans as are drawn, none empty, all to be restored where there is one`() {
        let masks = draws(20_000)
        let counts = masks.map { mask in 1 + zip(mask, mask.dropFirst()).count { $0 != $1 } }
        for n in 1...5 {
            let share = Double(counts.count { $0 == n }) / 20_000
            #expect(abs(share - 0.2) < 0.012, "\(n) spans: \(share)")
        }
        #expect(zip(masks, counts).allSatisfy { $1 > 1 || !$0.contains(true) })
        #expect(masks.allSatisfy { $0.count == 20 && $0.contains(false) })
    }

    @Test func `half of what is cut is known, and cuts fall anywhere`() {
        let cut = draws(20_000).filter { mask in Set(mask).count == 2 }
        let share = Double(cut.flatMap { $0 }.count { $0 }) / Double(cut.count * 20)
        #expect(abs(share - 0.5) < 0.01, "\(share)")
        let edges = (1..<20).map { at in cut.count { $0[at] != $0[at - 1] } }
        #expect(Double(edges.min()!) > 0.85 * Double(edges.max()!), "\(edges)")
    }

    @Test func `short sequences have no more spans than positions`() {
        #expect(draws(200, length: 1).allSatisfy { $0 == [false] })
        #expect(draws(500, most: 9, length: 3).allSatisfy { $0.count == 3 })
    }

    /// With the posterior mean of six vectors, ancestral steps find how likely each is.
    @Test func `exact estimates recover the chances of tokens, better with more steps`() throws {
        let chances = [0.35, 0.25, 0.15, 0.1, 0.1, 0.05]
        let rows = Noise(seed: 8).normal([6, 8])
        let table = rows / (rows.square().mean(1, keep: true)).sqrt()
        let mixture = GaussianMixture(
            chances.enumerated().map { token, chance in
                .init(
                    weight: chance, mean: table.slice(0, token..<token + 1).values.map(Double.init),
                    deviation: [Double](repeating: 0.01, count: 8))
            })
        let chain = try ChainSchedule(.cosine(least: 2e-3), steps: 1000)
        #expect(try BetaTable.cosine(least: 2e-3).betas(steps: 1000)[0] == 2e-3)
        func distance(_ steps: Int) throws -> Double {
            let places = (0..<8000).map { Noise(seed: 9)($0) }
            let denoiser = ExactDenoiser(mixture, chain)
            let end = AncestralSampler(variance: .small).sample(
                from: normal(places.map { $0("start") }, [8]), along: try Spacing.trailing.grid(steps: steps, for: chain),
                schedule: chain, noise: StepNoise(places), predict: denoiser.predictor(schedule: chain))
            let tokens = matmul(end, table.transposed()).argmax(1).values
            return chances.indices.reduce(0) { sum, k in
                sum + abs(Double(tokens.count { Int($0) == k }) / 8000 - chances[k]) / 2
            }
        }
        let (few, many) = (try distance(5), try distance(100))
        #expect(many < 0.02 && many < few, "5 steps \(few), 100 steps \(many)")
    }
}
