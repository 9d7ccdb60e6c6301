import Denoisers
import Tensors
import TestKit
import Testing

/// The Diffusion Transformer against PyTorch in float64, itself checked against diffusers.
@Suite struct DiTParityTests {
    @Test func `every published weight has a place and every place a weight`() {
        let dit = DiTGolden()
        let names = Set(dit.model.parameters().map { DiTGolden.published($0.name) })
        let notWeights: Set = ["x", "t", "y", "out", "out_int", "out_diffusers", "pos_embed"]
        #expect(names == Set(dit.golden.names).subtracting(notWeights))
    }

    @Test func `outputs at whole and broken times agree`() {
        let dit = DiTGolden()
        let (x, y) = (dit.golden["x"], dit.golden.tokens("y"))
        let t = dit.golden["t"].values
        expectClose(dit(x, t: t, y: y), dit.golden["out"], relative: 2e-5)
        expectClose(dit(x, t: t.map { $0.rounded(.down) }, y: y), dit.golden["out_int"], relative: 2e-5)
    }

    @Test func `gradients of the input and of every weight agree`() {
        let dit = DiTGolden()
        let golden = Golden("dit_gradients")
        let x = dit.golden["x"].requiringGradient()
        let out = dit(x, t: dit.golden["t"].values, y: dit.golden.tokens("y"))
        let parameters = dit.model.parameters()
        let found = gradients(of: [(out, golden["cot"])], wrt: [x] + parameters.map(\.value))
        expectClose(found[0], golden["grad.x"], relative: 5e-5, "x")
        for (p, gradient) in zip(parameters, found.dropFirst()) {
            let wanted = DiTGolden.ours(golden["grad." + DiTGolden.published(p.name)], p.name)
            expectClose(gradient, wanted, relative: 5e-5, p.name)
        }
    }

    @Test(arguments: ["mse", "hybrid"])
    func `ten training steps agree`(_ kind: String) {
        let dit = DiTGolden()
        let golden = Golden("dit_training")
        let parameters = dit.model.parameters()
        let first = parameters.map { Tensor([Float](repeating: 0, count: $0.shape.reduce(1, *)), $0.shape) }
        let second = first.map { Tensor($0.values, $0.shape) }
        var losses: [[Float]] = [[], [], []]
        for step in 0..<10 {
            let (mse, bits) = terms(dit, golden, step)
            let loss = kind == "mse" ? mse : mse + bits
            for (i, value) in [loss, mse, bits].enumerated() { losses[i].append(value.scalar) }
            for (i, gradient) in gradients(of: loss, wrt: parameters.map(\.value)).enumerated() {
                backend.adamW(
                    AdamWStep(
                        weight: parameters[i].value, gradient: gradient, firstMoment: first[i], secondMoment: second[i],
                        average: nil, gradientScale: 1, rate: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0,
                        correction1: 1 - power(0.9, step + 1), correction2: 1 - power(0.999, step + 1), averageDecay: 0))
            }
        }
        expectClose(Tensor(losses[0], [10]), golden["\(kind).loss"], relative: 5e-5, "loss")
        if kind == "hybrid" {
            expectClose(Tensor(losses[1], [10]), golden["hybrid.mse"], relative: 5e-5, "mse")
            expectClose(Tensor(losses[2], [10]), golden["hybrid.bits"], relative: 5e-5, "bits")
        }
        let watched = golden.names.filter { $0.hasPrefix("\(kind).after.") }
        #expect(watched.count == 5)
        for p in parameters where watched.contains("\(kind).after." + DiTGolden.published(p.name)) {
            let wanted = DiTGolden.ours(golden["\(kind).after." + DiTGolden.published(p.name)], p.name)
            expectClose(p.value, wanted, relative: 2e-4, p.name)
        }
    }

    private func power(_ base: Double, _ n: Int) -> Float { Float((0..<n).reduce(1.0) { p, _ in p * base }) }

    /// Mean squared error of epsilon, and the variational term in bits per dimension with the mean held constant
    /// (Nichol & Dhariwal 2021, section 3.1), from the definitions: no schedule of the house takes part.
    private func terms(_ dit: DiTGolden, _ golden: Golden, _ step: Int) -> (mse: Tensor, bits: Tensor) {
        func batch(_ name: String) -> Tensor { golden[name].slice(0, step..<step + 1).squeezed(0) }
        func row(_ name: String) -> [Int32] { Array(golden.tokens(name).values[2 * step..<2 * step + 2]) }
        let t = row("t").map(Int.init)
        let chain = LinearChain()
        func at(_ table: (Int) -> Double) -> Tensor { Tensor(t.map { Float(table($0)) }, [2, 1, 1, 1]) }
        let (x0, noise) = (batch("x0"), batch("noise"))
        let (signal, spread) = (at { chain.kept[$0].squareRoot() }, at { (1 - chain.kept[$0]).squareRoot() })
        let xt = signal * x0 + spread * noise
        let out = dit(xt, t: t.map(Float.init), y: Tokens(row("y"), [2])).chunked(2, axis: 1)
        let (low, high) = (at(chain.logPosterior), at { chain.logBeta($0) })
        let fraction = (out[1] + 1) * 0.5
        let logVariance = fraction * high + (1 - fraction) * low
        let guess = (xt - spread * out[0].detached()) / signal
        let miss = (at(chain.fromData) * (x0 - guess)).square()
        let kl = 0.5 * (logVariance - low - 1 + (low - logVariance).exp() + miss * (-logVariance).exp())
        return ((out[0] - noise).square().mean(), kl.mean() * 1.442_695)  // nats to bits
    }
}
