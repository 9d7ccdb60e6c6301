import Denoisers
import Diffusion
import Tensors
import TestKit
import Testing

/// What a sampling run works out once is what every step would have worked out, bit for bit.
@Suite struct RunScopeTests {
    private static func model(_ change: (inout DiTConfiguration) -> Void) -> DiffusionTransformer {
        var c = DiTConfiguration()
        (c.height, c.width, c.channels, c.patch, c.dim, c.depth, c.heads) = (6, 4, 3, 2, 24, 3, 3)
        c.learnsVariance = false
        change(&c)
        let model = DiffusionTransformer(c)
        for p in model.parameters() { p.set(Noise(seed: 8)(p.name).normal(p.shape) * 0.2) }
        return model
    }

    private static let words = Condition(
        .text, states: Noise(seed: 3).normal([3, 5, 8]), pooled: Noise(seed: 4).normal([3, 8]),
        mask: Tensor([1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0], [3, 5]))

    private func draw(
        _ model: DiffusionTransformer, _ told: [Condition], _ sampler: any Sampler, scoped: Bool
    ) throws -> Tensor {
        let schedule = FlowMatching()
        let grid = try Spacing.uniform.grid(steps: 5, for: schedule)
        let places = (0..<3).map { Noise(seed: 1)($0) }
        return sampler.sample(
            from: GaussianCorruption(schedule).prior(places, [6, 4, 3]), along: grid, schedule: schedule,
            noise: StepNoise(places),
            predict: model.predictor(
                schedule: schedule, along: scoped ? grid : nil, conditions: told,
                guidance: Guidance(scale: 2, interval: 0.3...0.9)))
    }

    @Test(arguments: DiTConfiguration.Conditioning.allCases) func `a run with a scope equals one without`(
        _ kind: DiTConfiguration.Conditioning
    ) throws {
        for modulation in DiTConfiguration.Modulation.allCases {
            let model = Self.model {
                $0.conditioning = kind
                $0.modulation = modulation
                $0.contextWidth = 8
            }
            // Heun also asks at times between those of the grid's steps.
            for sampler in [EulerSampler(), HeunSampler()] as [any Sampler] {
                let plain = try draw(model, [Self.words], sampler, scoped: false)
                expectIdentical(try draw(model, [Self.words], sampler, scoped: true), plain)
            }
        }
        let labelled = Self.model { $0.classes = 4 }
        let classes = [Condition(.classes, labels: [3, 0, 1])]
        expectIdentical(
            try draw(labelled, classes, EulerSampler(), scoped: true), try draw(labelled, classes, EulerSampler(), scoped: false))
    }

    @Test func `tables are made for as many times as fit, each once`() {
        let scope = RunScope(times: [5, 4, 3, 2, 1])
        var made: [[Float]] = []
        func at(_ time: Float) -> Float? {
            scope.table(at: time, bytesPerTime: 10, budget: 25) { times in
                made.append(times)
                return [Tensor(times.map { $0 * 10 }, [times.count, 1])]
            }?[0].scalar
        }
        #expect([5, 4, 4, 3, 2, 1, 2.5].map(at) == [50, 40, 40, 30, 20, 10, nil])
        #expect(made == [[5, 4], [3, 2], [1]])
    }

    @Test func `batches made from one another keep their own things`() {
        let input = DenoiserInput(state: Noise(seed: 1).normal([4, 2]), time: [1, 1, 1, 1], networkTime: [1, 1, 1, 1])
        var whole = input
        whole.scope = RunScope(times: [1])
        func kept(_ input: DenoiserInput, _ value: Float) -> Float { input.scope!.remembered("x") { [Tensor(value)] }[0].scalar }
        #expect(kept(whole, 1) == 1)
        #expect(kept(whole.samples(0..<2), 2) == 2 && kept(whole.samples(2..<4), 3) == 3)
        #expect(kept(DenoiserInput(joining: whole, input), 4) == 4)
        #expect(kept(whole, 9) == 1 && kept(whole.samples(0..<2), 9) == 2)
    }
}
