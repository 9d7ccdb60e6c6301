import Networks
import Tensors
import TestKit
import Testing
import Training

@Suite struct MuonTests {
    private final class Pair: Module {
        let wide = Parameter([5, 12], .zeros, decays: true)
        let tall = Parameter([9, 4], .zeros, decays: true)
    }

    private final class Mixed: Module {
        let kernel = Parameter([3, 2, 2, 5], .normal(deviation: 1), decays: true)
        let layer = Linear(4, 6)
        let table = Embedding(7, width: 4)

        static func made() -> (module: Mixed, parameters: [Parameter]) {
            let mixed = Mixed()
            mixed.initialize(Noise(seed: 1))
            return (mixed, mixed.parameters())
        }
    }

    private func configuration(decay: Double = 0.1) -> MuonConfiguration {
        MuonConfiguration(rest: AdamWConfiguration(rate: LearningRate(peak: 0.1), decay: decay))
    }

    @Test func `four steps agree with PyTorch, whatever the number of threads`() {
        let golden = Golden("muon")
        let before = Compute.threads
        defer { Compute.threads = before }
        let runs = [1, 3].map { threads in
            Compute.threads = threads
            let parameters = Pair().parameters()
            for p in parameters { p.set(golden["before.\(p.name)"]) }
            let muon = Muon(configuration(), parameters)
            for (step, rate) in golden["lr"].values.enumerated() {
                // Its own scale is all the same to an update, but not beside those before.
                let gradients = parameters.map { golden["gradient.\($0.name)"].slice(0, step..<step + 1).squeezed(0) * 4 }
                muon.update(gradients, scale: 0.25, rate: Double(rate))
            }
            return (parameters, muon)
        }
        let (parameters, muon) = runs[0]
        for p in parameters {
            expectClose(p.value, golden["after.\(p.name)"], relative: 1e-4, p.name)
            let momentum = muon.state.first { $0.name == "\(p.name)/momentum" }?.tensor
            expectClose(momentum ?? .zeros([1]), golden["momentum.\(p.name)"], relative: 1e-5, p.name)
        }
        for (p, q) in zip(parameters, runs[1].0) { expectIdentical(p.value, q.value) }
    }

    @Test func `directions have singular values of about one, and the singular vectors of what they are of`() {
        // A rotated diagonal has known singular vectors.
        let (c, s): (Float, Float) = (0.6, 0.8)
        let x = matmul(Tensor([c, -s, s, c], [2, 2]), Tensor([5, 0, 0, 0, 0.2, 0], [2, 3]))
        let y = matmul(Tensor([c, s, -s, c], [2, 2]), Muon.orthogonalized(x, iterations: 5)).values
        #expect((0.65...1.25).contains(y[0]) && (0.65...1.25).contains(y[4]), "\(y)")
        for i in [1, 2, 3, 5] { #expect(abs(y[i]) < 1e-5, "\(y)") }
    }

    @Test func `products of bf16 leave directions as they are but for bf16's rounding`() {
        for shape in [[40, 24], [24, 40]] {
            let x = Noise(seed: 5).normal(shape)
            let exact = Muon.orthogonalized(x, iterations: 5)
            let rounded = Muon.orthogonalized(x, iterations: 5, products: .bf16)
            let off = (exact - rounded).square().sum().scalar.squareRoot() / exact.square().sum().scalar.squareRoot()
            #expect(off > 1e-5 && off < 0.05, "\(shape): \(off)")
            // Its singular values: those of y yᵀ lie between the squares of 0.6 and 1.3, and so does its mean diagonal.
            let gram = shape[0] < shape[1] ? matmul(rounded, rounded.transposed()) : matmul(rounded.transposed(), rounded)
            let diagonal = (0..<24).map { gram.values[$0 * 24 + $0] }
            #expect(diagonal.allSatisfy { (0.36...1.69).contains($0) }, "\(diagonal)")
        }
    }

    @Test func `under bf16 precision an update is not that of f32, and near it`() {
        let updated = [Precision.f32, .bf16].map { precision in
            let parameters = Mixed.made().parameters
            let muon = Muon(configuration(), parameters)
            let gradients = parameters.enumerated().map { Noise(seed: 2)($0).normal($1.shape) }
            withPrecision(precision) { muon.update(gradients, rate: 0.1) }
            return parameters
        }
        for (p, q) in zip(updated[0], updated[1]) {
            let isMatrix = p.shape.count >= 2 && p.decays
            #expect((p.value.values != q.value.values) == isMatrix, "\(p.name)")
            expectClose(q.value, p.value, relative: 0.05, p.name)
        }
    }

    @Test func `biases, norms and tables move by AdamW, and averages follow all`() {
        let (mixed, plain) = (Mixed.made().parameters, Mixed.made().parameters)
        let averages = MovingAverage(decay: 0.5, warmsUp: false, mixed)
        let muon = Muon(configuration(), mixed)
        let adam = AdamW(configuration().rest, plain)
        var expected = mixed.map { $0.value.values }
        for step in 0..<3 {
            let gradients = mixed.enumerated().map { Noise(seed: 2)(step)($0).normal($1.shape) }
            averages.beginStep()
            muon.update(gradients, scale: 0.5, rate: 0.1, averages: averages)
            adam.update(gradients, scale: 0.5, rate: 0.1)
            for (i, p) in mixed.enumerated() { expected[i] = zip(expected[i], p.value.values).map { 0.5 * $0 + 0.5 * $1 } }
        }
        for (i, (p, q)) in zip(mixed, plain).enumerated() {
            #expect((p.value.values == q.value.values) == ["layer.bias", "table.weight"].contains(p.name), "\(p.name)")
            expectClose(averages.named[p.name] ?? .zeros([1]), Tensor(expected[i], p.shape), relative: 1e-6, p.name)
        }
    }

    @Test func `an update goes on from what was saved`() throws {
        let (one, other) = (Mixed.made().parameters, Mixed.made().parameters)
        let (whole, resumed) = (Muon(configuration(), one), Muon(configuration(), other))
        func gradients(_ step: Int) -> [Tensor] { one.enumerated().map { Noise(seed: 3)(step)($0).normal($1.shape) } }
        for step in 0..<3 { whole.update(gradients(step), rate: 0.1) }
        // Moments are changed in place.
        let saved = Dictionary(uniqueKeysWithValues: whole.state.map { ($0.name, Tensor($0.tensor.values, $0.tensor.shape)) })
        for (p, q) in zip(one, other) { q.set(p.value) }
        try resumed.restore(step: 3) { try #require(saved[$0]) }
        whole.update(gradients(3), rate: 0.1)
        resumed.update(gradients(3), rate: 0.1)
        for (p, q) in zip(one, other) { expectIdentical(p.value, q.value, p.name) }
        #expect(resumed.step == 4)
    }
}
