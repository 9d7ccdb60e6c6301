import Denoisers
import Diffusion
import Foundation
import Media
import Networks
import Systems
import TestKit
import Tensors
import Testing
import Training

/// Self-conditioned embedding diffusion: what trains what, what is known, how blanks are filled.
@Suite struct SEDTests {
    private static let sentences = ["a cat", "the dog sleeps", "two birds sing in a tree", "no", "the cat sleeps in a tree"]

    private static func section(_ model: [(key: String, value: JSON)] = []) throws -> Section {
        let usual: [(key: String, value: JSON)] = [
            ("vocabulary", 290), ("length", 16), ("width", 12), ("dim", 16), ("depth", 1), ("heads", 2),
        ]
        let whole = JSON.object([
            ("system", "sed"),
            ("model", .object(usual.filter { own in !model.contains { $0.key == own.key } } + model)),
            ("sample", .object([("steps", 3)])),
        ])
        return try Section(ConfigurationValue(whole, file: "sed.yaml"))
    }

    private static func build(_ section: Section) throws -> SEDSystem {
        let system = try #require(
            try Catalogue.system(section).init(section, Surroundings(captions: { sentences })) as? SEDSystem)
        try section.finish()
        system.module.initialize(Noise(seed: 1))
        // What begins at zero is moved, so that everything matters.
        for (i, p) in system.parameters().enumerated() where !p.name.hasPrefix("readout") && p.name != "bias" {
            p.set(p.value.detached() + Noise(seed: 7)(i).normal(p.shape) * 0.1)
        }
        return system
    }

    private static func loss(_ system: SEDSystem) throws -> LossReport {
        let examples = sentences.map { Example(text: $0, name: "line") }
        let batch = Batch(
            media: try system.form.media(of: examples, from: 0), captions: [], places: examples.indices.map { Noise(seed: 2)($0) }
        )
        return system.phases[0].loss(batch, 0)
    }

    private static func gradient(_ system: SEDSystem, _ name: (String) -> Bool) throws -> [Tensor] {
        let wanted = system.parameters().filter { name($0.name) }
        #expect(!wanted.isEmpty)
        return gradients(of: try loss(system).loss, wrt: wanted.map(\.value))
    }

    @Test(arguments: ["random", "bits"]) func `vectors have one length, and the readout begins by reading them without fault`(
        space: String
    ) throws {
        let system = try Self.build(try Self.section([("space", .string(space)), ("width", 32)]))
        let table = try #require(system.model.buffers().first { $0.name == "table" }).value
        let D = table.shape[1]
        #expect(D == (space == "bits" ? 9 : 32))
        for norm in table.square().sum(1).values { #expect(abs(norm - Float(D)) < 1e-4 * Float(D)) }
        let noisy = table + Noise(seed: 3).normal(table.shape) * 0.01
        let logits = matmul(noisy, table.transposed())
        // Rows of one length: the nearest is the likeliest.
        #expect(logits.argmax(1).values.enumerated().allSatisfy { $0 == Int($1) })
    }

    @Test func `the readout's loss trains the readout alone, and nothing else trains it`() throws {
        let system = try Self.build(try Self.section())
        let (readout, network) = (
            try Self.gradient(system) { $0 == "readout" }, try Self.gradient(system) { $0.hasPrefix("denoiser.blocks") }
        )
        #expect(readout[0].values.contains { $0 != 0 } && network[0].values.contains { $0 != 0 })
        for p in system.parameters() where p.name.hasPrefix("denoiser") { p.set(p.value.detached() * 1.3) }
        expectIdentical(try Self.gradient(system) { $0 == "readout" }[0], readout[0])
        for p in system.parameters() where p.name.hasPrefix("denoiser") { p.set(p.value.detached() / 1.3) }
        let before = try Self.gradient(system) { $0.hasPrefix("denoiser.blocks") }
        for p in system.parameters() where p.name == "readout" { p.set(p.value.detached() + 0.5) }
        for (a, b) in zip(try Self.gradient(system) { $0.hasPrefix("denoiser.blocks") }, before) { expectIdentical(a, b) }
    }

    @Test func `guidance of 1 is the plain network, of 0 one that knows nothing and sees no estimate`() throws {
        var c = DiTConfiguration()
        (c.height, c.width, c.channels, c.patch, c.dim, c.depth, c.heads) = (16, 1, 12, 1, 16, 1, 2)
        (c.prediction, c.learnsVariance, c.selfConditioning, c.knows) = (.x0, false, .both, true)
        let network = DiffusionTransformer(c)
        network.initialize(Noise(seed: 1))
        for (i, p) in network.parameters().enumerated() { p.set(p.value.detached() + Noise(seed: 7)(i).normal(p.shape) * 0.1) }
        let schedule = try ChainSchedule(.cosine(least: 2e-3), steps: 1000)
        let (x, previous) = (Noise(seed: 4).normal([2, 16, 1, 12]), Noise(seed: 5).normal([2, 16, 1, 12]))
        let flags = Tensor((0..<32).map { $0 % 3 == 0 ? 1 : 0 }, [2, 16, 1])
        let states = concatenated([Noise(seed: 6).normal([2, 16, 12]) * flags, flags], axis: 2)
        let known = Condition(.known, states: states)
        func said(_ conditions: [Condition], _ guidance: Guidance, _ previous: Tensor?) -> Tensor {
            network.predictor(schedule: schedule, conditions: conditions, guidance: guidance)(x, 0.4, previous).output
        }
        let plain = said([known], Guidance(), previous)
        expectIdentical(said([known], Guidance(scale: 1, nullSeesPrevious: false), previous), plain)
        let nothing = said([], Guidance(), .zeros(x.shape))
        expectClose(said([known], Guidance(scale: 0, nullSeesPrevious: false), previous), nothing, absolute: 1e-5)
        let kept = said([known], Guidance(scale: 0, nullSeesPrevious: true), previous)
        #expect((kept - nothing).abs().values.max()! > 1e-3, "an estimate that is kept shows")
    }

    @Test func `blanks are filled with as many tokens, and the rest stays`() throws {
        let system = try Self.build(try Self.section())
        var request = SampleRequest()
        request.infills = ["the __ sleeps in a tree", "_ cat"]
        request.seeds = [0, 1]
        var lines: [String] = []
        try system.sample(request) { lines.append($0.text ?? "") }
        #expect(lines.count == 4)
        for line in lines.prefix(2) { #expect(line.hasPrefix("the") && line.hasSuffix(" sleeps in a tree"), "\(line)") }
        for line in lines.suffix(2) { #expect(line.hasSuffix(" cat"), "\(line)") }
        request.infills = ["nothing to fill"]
        #expect(throws: InputError.self) { try system.sample(request) { _ in } }
        request.infills = ["_ " + [String](repeating: "tree", count: 30).joined(separator: " ")]
        #expect(throws: InputError.self) { try system.sample(request) { _ in } }
    }

    @Test func `both passes see half of the positions known, on average, and only the others count`() throws {
        let system = try Self.build(try Self.section([("spans", 1), ("dropout", 0)]))
        let unconditional = try Self.loss(system)
        let hidden = try Self.loss(try Self.build(try Self.section([("spans", 5), ("dropout", 1)])))
        // One span knows nothing, as does a sentence from which all is withheld.
        expectClose(unconditional.loss, hidden.loss, relative: 1e-5)
        let told = try Self.loss(try Self.build(try Self.section([("spans", 5), ("dropout", 0)])))
        #expect(abs(told.loss.scalar - hidden.loss.scalar) > 1e-4)
    }

    /// A network too small to say all that the state tells it gains by a second look.
    @Test(arguments: [1, 2, 3] as [UInt64]) func `having learned, the second pass is nearer to the data than the first`(
        seed: UInt64
    ) throws {
        let system = try Self.build(
            try Self.section([("length", 8), ("width", 8), ("dim", 16), ("blanks", 0), ("dropout", 1)]))
        let parameters = system.parameters()
        let optimizer = AdamW(AdamWConfiguration(rate: LearningRate(peak: 0.01)), parameters)
        for step in 0..<400 {
            let examples = (0..<20).map { Example(text: Self.sentences[$0 % 5], name: "line") }
            let batch = Batch(
                media: try system.form.media(of: examples, from: 0), captions: [],
                places: examples.indices.map { Noise(seed: seed)(step)($0) })
            optimizer.update(
                gradients(of: system.phases[0].loss(batch, step).loss, wrt: parameters.map(\.value)),
                rate: 0.02 * (1 - Double(step) / 400))
        }
        let network = try #require(
            Mirror(reflecting: system).children.first { $0.label == "denoiser" }?.value as? DiffusionTransformer)
        let table = try #require(system.model.buffers().first { $0.name == "table" }).value
        guard case .text(let form) = system.form else { return }
        let schedule = try ChainSchedule(.cosine(least: 2e-3), steps: 1000)
        let x0 = concatenated((0..<8).map { _ in embedding(table, form.tokens(Self.sentences)) }, axis: 0).unsqueezed(2)
        let times = (0..<x0.shape[0]).map { 0.3 + 0.6 * (Float($0) + 0.5) / Float(x0.shape[0]) }
        let state = GaussianCorruption(schedule).corrupt(x0, at: times, noise: Noise(seed: 9).normal(x0.shape))
        func estimate(_ previous: Tensor?) -> Tensor {
            withoutGradients {
                network(DenoiserInput(state: state, time: times, schedule: schedule, previous: previous)).output
            }
        }
        let first = estimate(nil)
        let errors = [first, estimate(first)].map { ($0 - x0).square().mean().scalar }
        #expect(errors[1] <= errors[0] * 0.97, "\(errors)")
    }
}
