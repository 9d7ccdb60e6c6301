import Networks
import Tensors
import TestKit
import Testing

/// The feature network against torch's own layers: `Tests/Goldens/features.py`.
@Suite struct FeatureNetworkTests {
    private func network(loading golden: Golden? = nil) -> FeatureNetwork {
        var c = FeatureNetworkConfiguration()
        (c.channels, c.multipliers, c.groups, c.classes) = (4, [1, 2], 3, 5)
        let network = FeatureNetwork(c)
        network.initialize(Noise(seed: 1))
        guard let golden else { return network }
        for p in network.parameters() { p.set(ours(golden[p.name])) }
        let theirs = golden.names.filter { $0.hasSuffix(".weight") || $0.hasSuffix(".bias") }.filter { !$0.hasPrefix("grad.") }
        #expect(Set(theirs) == Set(network.parameters().map(\.name)), "every weight of the file is used, and no other")
        return network
    }

    /// Kernels are OIHW there.
    private func ours(_ x: Tensor) -> Tensor { x.rank == 4 ? channelsLast(x) : x }

    @Test func `maps, vectors, logits and every gradient are torch's, also of sides that do not halve evenly`() {
        let golden = Golden("features")
        let network = network(loading: golden)
        let x = channelsLast(golden["x"]).contiguousLeaf
        let maps = network.maps(of: x)
        #expect(maps.count == 2)
        for (i, map) in maps.enumerated() { expectClose(map, channelsLast(golden["map.\(i)"]), relative: 1e-5, "map \(i)") }
        expectClose(network.vectors(of: x), golden["vectors"], relative: 1e-5, "vectors")
        let logits = network(x)
        expectClose(logits, golden["logits"], relative: 1e-5, "logits")
        let entropy = crossEntropy(logits, golden.tokens("labels"))
        let smoothed = (entropy * 0.9 - logits.logSoftmax().mean(1) * 0.1).mean()
        expectClose(smoothed, golden["smoothed"], relative: 1e-5, "smoothed")
        let parameters = network.parameters()
        let found = gradients(of: smoothed, wrt: [x] + parameters.map(\.value))
        for (name, gradient) in zip(["x"] + parameters.map(\.name), found) {
            expectClose(gradient, ours(golden["grad." + name]), relative: 1e-4, absolute: 1e-7, name)
        }
    }

    @Test func `gradients of a loss on the maps reach the pictures while the network is frozen`() {
        let network = network(loading: Golden("features"))
        for p in network.parameters() { p.isFrozen = true }
        gradientCheck("maps of a frozen network", [Noise(seed: 2).uniform([1, 5, 7, 3])], step: 1e-2) { inputs in
            let maps = network.maps(of: inputs[0])
            return concatenated(maps.map { $0.mean([1, 2]) } + [network.vectors(of: inputs[0])], axis: 1)
        }
    }

    @Test func `what is said of a picture does not depend on its batch, bit for bit, nor on its size's being known`() {
        let network = network(loading: Golden("features"))
        let x = Noise(seed: 3).uniform([5, 12, 8, 3]) * 2 - 1
        withoutGradients {
            let whole = network.vectors(of: x)
            for i in 0..<5 {
                expectIdentical(network.vectors(of: x.slice(0, i..<i + 1)), whole.slice(0, i..<i + 1), "picture \(i)")
            }
            #expect(network.vectors(of: .zeros([1, 2, 2, 3])).shape == [1, 8] && network.smallestSide == 2)
        }
    }

    @Test func `every parameter takes part once the last convolutions of blocks have moved`() {
        let network = network(loading: Golden("features"))
        let x = Noise(seed: 4).uniform([2, 8, 8, 3])
        let found = gradients(of: crossEntropy(network(x), Tokens([1, 3])), wrt: network.parameters().map(\.value))
        for (p, gradient) in zip(network.parameters(), found) { #expect(gradient.abs().sum().scalar > 0, "\(p.name)") }
    }

    @Test func `an encoder of pictures may look through it, and all but its answers learns`() {
        var c = FeatureNetworkConfiguration()
        (c.channels, c.multipliers, c.groups) = (4, [1, 2, 2], 2)
        let encoder = PictureEncoder(side: 8, patch: 1, width: 6, depth: 1, heads: 2, through: c)
        encoder.initialize(Noise(seed: 1))
        // The last convolutions of blocks begin with zeros.
        for (i, p) in encoder.parameters().enumerated() where p.value.values.allSatisfy({ $0 == 0 }) {
            p.set(Noise(seed: 4)(i).normal(p.shape) * 0.2)
        }
        let seen = encoder(Noise(seed: 2).uniform([3, 8, 8, 3]))
        #expect(seen.states.shape == [3, 4, 6] && seen.pooled.shape == [3, 6])
        #expect(!encoder.parameters().contains { $0.name.hasPrefix("features.output") })
        let weights = Noise(seed: 3).normal(seen.states.shape)
        let parameters = encoder.parameters()
        for (p, gradient) in zip(parameters, gradients(of: (seen.states * weights).sum(), wrt: parameters.map(\.value)))
        where !p.name.hasSuffix("queryKeyValue.bias") {
            #expect(gradient.abs().sum().scalar > 0, "\(p.name)")
        }
    }

    @Test func `a picture that is too small is a programmer's mistake`() async {
        await #expect(processExitsWith: .failure) {
            _ = FeatureNetwork(FeatureNetworkConfiguration()).maps(of: .zeros([1, 4, 64, 3]))
        }
    }
}

extension Tensor {
    /// The same values, as a start for gradients.
    fileprivate var contiguousLeaf: Tensor { Tensor(values, shape).requiringGradient() }
}
