import Denoisers
import Diffusion
import Tensors
import TestKit
import Testing

/// The Diffusion Transformer over latents in a row: what it saw before, and padding.
@Suite struct SequenceDiTTests {
    private func network(_ selfConditioning: SelfConditioning = .half) -> DiffusionTransformer {
        var c = DiTConfiguration()
        (c.height, c.width, c.channels, c.patch) = (5, 1, 3, 1)
        (c.dim, c.depth, c.heads, c.learnsVariance) = (16, 2, 2, false)
        c.selfConditioning = selfConditioning
        let network = DiffusionTransformer(c)
        network.initialize(Noise(seed: 1))
        // The published start multiplies by zero.
        for (i, p) in network.parameters().enumerated() where p.value.values.allSatisfy({ $0 == 0 }) {
            p.set(Noise(seed: 2)(i).normal(p.shape) * 0.2)
        }
        return network
    }

    private let x = Noise(seed: 3).normal([2, 5, 1, 3])
    private let t: [Float] = [100, 700]

    @Test func `an estimate that nobody gives counts as zeros, another one is seen`() {
        let network = network()
        let nothing = network(x, t: t)
        expectIdentical(network(x, t: t, previous: .zeros(x.shape)), nothing)
        let something = network(x, t: t, previous: x * 0.5)
        #expect(zip(something.values, nothing.values).contains { abs($0 - $1) > 1e-3 })
        let blind = self.network(.none)
        expectIdentical(blind(x, t: t, previous: x), blind(x, t: t))
        #expect(network.parameters().count == blind.parameters().count + 1)
    }

    @Test func `gradients of what it saw before`() {
        let network = network()
        gradientCheck("previous", [x * 0.5], step: 1e-2) { network(x, t: t, previous: $0[0]) }
    }

    @Test func `what is padding changes no other place, bit for bit`() {
        let network = network()
        let padding = Tensor([1, 1, 1, 0, 0, 1, 1, 1, 1, 1], [2, 5])
        let other = concatenated([x.slice(1, 0..<3), Noise(seed: 4).normal([2, 2, 1, 3]) * 9], axis: 1)
        withoutGradients {
            let (a, b) = (network(x, t: t, padding: padding), network(other, t: t, padding: padding))
            expectIdentical(a.slice(0, 0..<1).slice(1, 0..<3), b.slice(0, 0..<1).slice(1, 0..<3))
            let all = network(x, t: t)
            #expect(
                zip(all.slice(0, 0..<1).slice(1, 0..<3).values, a.slice(0, 0..<1).slice(1, 0..<3).values).contains { $0 != $1 })
        }
    }

    @Test func `rows that are left out are as padding`() {
        let network = network()
        let padding = Tensor([1, 1, 1, 0, 0, 1, 1, 0, 0, 0], [2, 5])
        withoutGradients {
            let whole = network(x, t: t, previous: x * 0.5, padding: padding)
            let first = x.slice(1, 0..<3)
            let trimmed = network(first, t: t, previous: first * 0.5, padding: padding.slice(1, 0..<3))
            expectClose(trimmed.slice(0, 0..<1), whole.slice(0, 0..<1).slice(1, 0..<3), absolute: 1e-5)
            expectClose(trimmed.slice(0, 1..<2).slice(1, 0..<2), whole.slice(0, 1..<2).slice(1, 0..<2), absolute: 1e-5)
        }
    }
}
