import Denoisers
import Diffusion
import TestKit
import Tensors
import Testing

@Suite struct MLPDenoiserTests {
    private func network() -> MLPDenoiser {
        var c = MLPConfiguration()
        (c.size, c.width, c.depth, c.classes) = (3, 16, 2, 4)
        let network = MLPDenoiser(c)
        network.initialize(Noise(seed: 1))
        return network
    }

    /// Every parameter away from zero, so that nothing is hidden behind a closed gate.
    private func stirred() -> MLPDenoiser {
        let network = network()
        for p in network.parameters() { p.set(Noise(seed: 2)(p.name).normal(p.shape) * 0.3) }
        return network
    }

    @Test func `it says nothing until it has learned`() {
        let x = Noise(seed: 3).normal([5, 3])
        expectIdentical(network()(x, t: [0, 1, 10, 500, 1000]), .zeros([5, 3]))
    }

    @Test func `every parameter takes part`() {
        let network = stirred()
        let parameters = network.parameters()
        let x = Noise(seed: 3).normal([4, 3])
        let y = network(x, t: [0, 3, 10, 20], classes: [0, 1, 2, 4])
        let slopes = gradients(of: (y * Noise(seed: 4).normal([4, 3])).sum(), wrt: parameters.map(\.value))
        for (p, slope) in zip(parameters, slopes) { #expect(slope.values.contains { abs($0) > 1e-6 }, "\(p.name)") }
        #expect(network.parameterCount == parameters.reduce(0) { $0 + $1.shape.reduce(1, *) })
    }

    @Test func `a withheld class is the null class, and no condition too`() {
        let network = stirred()
        let x = Noise(seed: 3).normal([2, 3])
        let schedule = FlowMatching()
        func says(_ conditions: [Condition]) -> Tensor {
            network(DenoiserInput(state: x, time: [0.3, 0.6], schedule: schedule, conditions: conditions)).output
        }
        let told = Condition(.classes, labels: [1, 2])
        expectIdentical(says([told.withheld]), says([]))
        let half = says([told.withheld(where: [false, true])])
        expectIdentical(half.slice(0, 0..<1), says([told]).slice(0, 0..<1))
        expectIdentical(half.slice(0, 1..<2), says([]).slice(0, 1..<2))
        #expect(says([told]).values != says([]).values)
    }
}
