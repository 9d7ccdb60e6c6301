import Diffusion
import TestKit
import Tensors
import Testing

@Suite struct GuidanceTests {
    /// Says something that depends on everything it is told, and remembers being asked.
    final class Witness: Denoiser {
        var inputs: [DenoiserInput] = []

        func callAsFunction(_ input: DenoiserInput) -> Prediction {
            inputs.append(input)
            let (B, N, C) = input.state.shape3
            var offsets = [Float](repeating: 0, count: B)
            for c in input.conditions {
                for b in 0..<B where !c.isWithheld(b) {
                    if !c.labels.isEmpty { offsets[b] += Float(c.labels[b] + 1) }
                    if let states = c.states {
                        let kept = c.mask.map { states * $0.unsqueezed(2) } ?? states
                        offsets[b] += kept.slice(0, b..<b + 1).sum().scalar
                    }
                }
            }
            let told = Tensor(offsets, [B, 1, 1]) + Tensor(input.networkTime, [B, 1, 1]) * 0.01
            let output = (input.state * 0.7 + told).sin() + (input.previous ?? .zeros([B, N, C]))
            return Prediction(output, .epsilon, variance: (output * 2).cos())
        }
    }

    let state = Noise(seed: 1).normal([3, 2, 4])
    func input(_ conditions: [Condition], previous: Tensor? = nil) -> DenoiserInput {
        DenoiserInput(
            state: state, time: [0.5, 0.5, 0.5], schedule: FlowMatching(), conditions: conditions, previous: previous)
    }
    let classes = Condition(.classes, labels: [0, 1, 2])

    @Test func `scale one asks once and is the condition, bit for bit`() {
        let witness = Witness()
        let found = Guidance(scale: 1).predict(witness, input([classes]), at: 0.5)
        #expect(witness.inputs.count == 1 && witness.inputs[0].time.count == 3)
        expectIdentical(found.output, Witness()(input([classes])).output)
        // Nothing to guide by: asked once whatever the scale.
        _ = Guidance(scale: 4).predict(witness, input([]), at: 0.5)
        #expect(witness.inputs.count == 2 && witness.inputs[1].time.count == 3)
    }

    @Test func `one call for both branches is the same as two, bit for bit`() {
        let (c, u) = (Witness()(input([classes])), Witness()(input([classes.withheld])))
        for scale: Float in [0, 0.5, 3, -1] {
            let witness = Witness()
            let guidance = Guidance(scale: scale)
            let found = guidance.predict(witness, input([classes]), at: 0.5)
            #expect(witness.inputs.count == 1 && witness.inputs[0].time.count == 6)
            expectIdentical(found.output, guidance.combined(c, u).output)
            expectIdentical(found.variance!, c.variance!, "variance at scale \(scale)")
        }
        expectIdentical(Guidance(scale: 0).combined(c, u).output, u.output)
    }

    @Test func `the combination is affine in the scale`() {
        let (c, u) = (Witness()(input([classes])), Witness()(input([classes.withheld])))
        func at(_ s: Float) -> Tensor { Guidance(scale: s).combined(c, u).output }
        expectClose(at(5) - at(2), (c.output - u.output) * 3, relative: 1e-5)
        expectClose(at(-2), u.output - (c.output - u.output) * 2, relative: 1e-5)
    }

    @Test func `guided channels are guided and the others conditional`() {
        let (c, u) = (Witness()(input([classes])), Witness()(input([classes.withheld])))
        let found = Guidance(scale: 3, channels: 0..<3).combined(c, u).output
        let all = Guidance(scale: 3).combined(c, u).output
        expectIdentical(found.slice(2, 0..<3), all.slice(2, 0..<3))
        expectIdentical(found.slice(2, 3..<4), c.output.slice(2, 3..<4))
        let middle = Guidance(scale: 3, channels: 1..<2).combined(c, u).output
        expectIdentical(middle.slice(2, 0..<1), c.output.slice(2, 0..<1))
        expectIdentical(middle.slice(2, 1..<2), all.slice(2, 1..<2))
    }

    @Test func `outside its interval guidance asks once`() {
        let witness = Witness()
        let guidance = Guidance(scale: 3, interval: 0.2...0.6)
        for time in [0.1, 0.2, 0.6, 0.7] { _ = guidance.predict(witness, input([classes]), at: time) }
        #expect(witness.inputs.map(\.time.count) == [3, 6, 6, 3])
    }

    @Test func `a negative condition takes the place of none, also when longer`() {
        let positive = Condition(.text, states: Noise(seed: 2).normal([3, 2, 5]))
        let negative = Condition(
            .text, states: Noise(seed: 3).normal([3, 4, 5]),
            mask: Tensor([1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0], [3, 4]))
        let witness = Witness()
        let found = Guidance(scale: 2).predict(witness, input([positive]), at: 0.5, negative: [negative])
        let (c, u) = (Witness()(input([positive])), Witness()(input([negative])))
        expectClose(found.output, Guidance(scale: 2).combined(c, u).output, relative: 1e-5)
        let joined = witness.inputs[0].conditions[0]
        #expect(joined.states!.shape == [6, 4, 5] && joined.count == 6)
        #expect(joined.mask!.values == [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0] + negative.mask!.values)
    }

    @Test func `withholding keeps what was withheld already`() {
        let some = classes.withheld(where: [true, false, false])
        let witness = Witness()
        _ = Guidance(scale: 2).predict(witness, input([some]), at: 0.5)
        #expect(witness.inputs[0].conditions[0].isNull == [true, false, false, true, true, true])
        #expect(some.withheld(where: [false, false, true]).isNull == [true, false, true])
    }

    @Test func `the null branch sees the previous estimate or not, as asked`() {
        let previous = Noise(seed: 5).normal([3, 2, 4])
        for sees in [true, false] {
            let witness = Witness()
            _ = Guidance(scale: 2, nullSeesPrevious: sees).predict(
                witness, input([classes], previous: previous), at: 0.5)
            let told = witness.inputs[0].previous!
            expectIdentical(told.slice(0, 0..<3), previous)
            expectIdentical(told.slice(0, 3..<6), sees ? previous : .zeros([3, 2, 4]))
        }
    }

    @Test func `guidance towards a class draws that class`() throws {
        let schedule = FlowMatching()
        let ring = GaussianMixture.ring(8, deviation: 0.25)
        let places = (0..<64).map { Noise(seed: 6)($0) }
        let denoiser = ExactDenoiser(ring, schedule)
        let grid = try Spacing.uniform.grid(steps: 30, for: schedule)
        func spread(_ guidance: Guidance) -> Float {
            let x = HeunSampler().sample(
                from: GaussianCorruption(schedule).prior(places, [2]), along: grid, schedule: schedule,
                noise: StepNoise(places),
                predict: denoiser.predictor(
                    schedule: schedule, conditions: [Condition(.classes, labels: [Int](repeating: 2, count: 64))],
                    guidance: guidance))
            // Class 2 sits at (0, 1).
            return (x - Tensor([0, 1], [2])).square().mean().scalar
        }
        let plain = spread(Guidance())
        #expect(plain < 0.12)
        #expect(spread(Guidance(scale: 0)) > 4 * plain)
        #expect(spread(Guidance(scale: 2, channels: 0..<2)) != plain)
    }
}
