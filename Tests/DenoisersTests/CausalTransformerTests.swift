import Denoisers
import Diffusion
import Glibc
import Tensors
import TestKit
import Testing

/// A Transformer that says one token after the other.
@Suite struct CausalTransformerTests {
    private static func model(codes K: Int = 7, rows: Int = 3, columns: Int = 5, isRotary: Bool = false) -> TokenTransformer {
        var c = TokenTransformerConfiguration()
        (c.codes, c.rows, c.columns, c.dim, c.depth, c.heads) = (K, rows, columns, 24, 3, 3)
        (c.time, c.isCausal, c.contextWidth, c.isRotary) = (.none, true, 8, isRotary)
        let model = TokenTransformer(c)
        for p in model.parameters() { p.set(Noise(seed: 8)(p.name).normal(p.shape) * 0.4) }
        return model
    }

    private static func words(_ B: Int) -> Condition {
        Condition(
            .text, states: Noise(seed: 3).normal([B, 4, 8]), pooled: Noise(seed: 4).normal([B, 8]),
            mask: Tensor((0..<4 * B).map { $0 % 4 == 3 && $0 / 4 % 2 == 0 ? 0 : 1 }, [B, 4]))
    }

    private func input(_ rows: [[Int32]], scope: RunScope? = nil) -> DenoiserInput {
        let times = [Float](repeating: 0, count: rows.count)
        var input = DenoiserInput(
            state: Tokens(rows.flatMap { $0 }, [rows.count, rows[0].count]).tensor, time: times, networkTime: times,
            conditions: [Self.words(rows.count)])
        input.scope = scope
        return input
    }

    @Test(arguments: [false, true])
    func `what is remembered of earlier positions changes nothing`(isRotary: Bool) {
        let model = Self.model(isRotary: isRotary)
        let rows: [[Int32]] = (0..<4).map { b in [7] + (0..<14).map { n in Int32((3 * b + n * n) % 7) } }
        let whole = withoutGradients { model(input(rows)).output }  // [4, 15, 7]
        for guidance in [Guidance(), Guidance(scale: 2.5)] {
            let scope = RunScope(times: [0])
            for n in 0..<15 {
                let found = withoutGradients {
                    guidance.predict(model, input(rows.map { Array($0[...n]) }, scope: scope), at: 0).output
                }
                #expect(found.shape == [4, 1, 7])
                let plain = withoutGradients { guidance.predict(model, input(rows), at: 0).output.slice(1, n..<n + 1) }
                expectClose(found, plain, relative: 0, absolute: 2e-5)
            }
        }
        #expect(whole.shape == [4, 15, 7])
    }

    @Test func `chances of all sequences sum to one, which they do not where a token sees itself`() {
        let model = Self.model(codes: 3, rows: 2, columns: 2)
        let all: [[Int32]] = (0..<81).map { s in [27, 9, 3, 1].map { Int32(s / $0 % 3) } }
        let told = Self.words(1)
        // All are told the same.
        let same = Condition(
            .text, states: told.states!.broadcast(to: [81, 4, 8]).contiguous(),
            pooled: told.pooled!.broadcast(to: [81, 8]).contiguous(), mask: .ones([81, 4]))
        func sum(_ shown: ([Int32]) -> [Int32]) -> Double {
            let times = [Float](repeating: 0, count: 81)
            let x = DenoiserInput(
                state: Tokens(all.map(shown).flatMap { $0 }, [81, 4]).tensor, time: times, networkTime: times, conditions: [same])
            let nats = withoutGradients { crossEntropy(model(x).output, Tokens(all.flatMap { $0 }, [81, 4])).sum(1).values }
            return nats.reduce(0) { $0 + exp(-Double($1)) }
        }
        #expect(abs(sum { [3] + $0.dropLast() } - 1) < 1e-5)
        #expect(abs(sum { $0 } - 1) > 1e-2)
    }
}
