import Tensors
import TestKit
import Testing

/// Ten steps of a small perceptron against PyTorch's AdamW: the house's own forward, gradients, clipping and update kernel.
@Suite struct AdamWParityTests {
    @Test func `ten clipped steps with decay and averages agree with PyTorch`() {
        let golden = Golden("adamw")
        let names = ["w1", "b1", "w2", "b2"]
        let parameters = names.map { copy(golden["before.\($0)"]) }
        let averages = names.map { copy(golden["before.\($0)"]) }
        let first = parameters.map { copy(.zeros($0.shape)) }
        let second = parameters.map { copy(.zeros($0.shape)) }
        let (x, target) = (golden["x"], golden["target"])
        let rates = golden["lr"].values
        var losses: [Float] = []
        var norms: [Float] = []

        for step in 0..<10 {
            let leaves = parameters.map { $0.requiringGradient() }
            let batch = x.slice(0, step..<step + 1).squeezed(0)
            let wanted = target.slice(0, step..<step + 1).squeezed(0)
            let hidden = linear(batch, leaves[0], leaves[1], activation: .silu)
            let loss = (linear(hidden, leaves[2], leaves[3]) - wanted).square().mean()
            losses.append(loss.scalar)
            let found = gradients(of: loss, wrt: leaves)
            let norm = found.reduce(0) { $0 + backend.sumOfSquares($1) }.squareRoot()
            norms.append(Float(norm))
            for i in names.indices {
                backend.adamW(
                    AdamWStep(
                        weight: parameters[i], gradient: found[i], firstMoment: first[i], secondMoment: second[i],
                        average: averages[i], gradientScale: norm > 1 ? Float(1 / norm) : 1, rate: rates[step], beta1: 0.9,
                        beta2: 0.95, eps: 1e-8, decay: names[i].hasPrefix("w") ? 0.1 : 0,
                        correction1: 1 - power(0.9, step + 1), correction2: 1 - power(0.95, step + 1), averageDecay: 0.9))
            }
            if step == 1 {
                for (name, p) in zip(names, parameters) {
                    expectClose(p, golden["second.\(name)"], relative: 1e-5, "\(name) after two steps")
                }
            }
        }
        expectClose(Tensor(losses, [10]), golden["loss"], relative: 1e-5)
        expectClose(Tensor(norms, [10]), golden["norm"], relative: 1e-5)
        for (i, name) in names.enumerated() {
            expectClose(parameters[i], golden["after.\(name)"], relative: 2e-5, "\(name)")
            expectClose(averages[i], golden["ema.\(name)"], relative: 2e-5, "average of \(name)")
            expectClose(first[i], golden["first_moment.\(name)"], relative: 1e-5, "first moment of \(name)")
            expectClose(second[i], golden["second_moment.\(name)"], relative: 1e-5, "second moment of \(name)")
        }
    }

    private func power(_ base: Double, _ n: Int) -> Float { Float((0..<n).reduce(1.0) { p, _ in p * base }) }

    /// Memory of its own, for an update in place.
    private func copy(_ x: Tensor) -> Tensor { Tensor(x.values, x.shape) }
}
