import Tensors
import TestKit
import Testing
import Training
@Suite struct KeptWeightsTests {
    /// Inference keeps weights in a layout of its own.
    @Test(arguments: [Precision.f32, .bf16]) func `weights that an update changed are read anew`(_ precision: Precision) {
        let weight = Parameter([200, 64], .normal(deviation: 1), decays: false)
        weight.set(Noise(seed: 1).normal([200, 64]))
        let optimizer = AdamW(AdamWConfiguration(rate: LearningRate(peak: 0.1)), [weight])
        let average = MovingAverage(decay: 0.5, [weight])
        let x = Noise(seed: 2).normal([2, 64, 64])
        func product(_ weight: Tensor) -> Tensor { withPrecision(precision) { withoutGradients { linear(x, weight) } } }
        var before = product(weight.value)
        for step in 1...3 {
            average.beginStep()
            optimizer.update([Noise(seed: 3)(step).normal([200, 64])], rate: 0.1, averages: average)
            let now = product(weight.value)
            #expect(now.values != before.values)
            expectIdentical(now, product(weight.value * 1))
            average.applied { expectIdentical(product(weight.value), product(weight.value * 1)) }
            before = now
        }
    }
}
