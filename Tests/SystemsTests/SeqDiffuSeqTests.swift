import Denoisers
import Diffusion
import Foundation
import Media
import Networks
import Systems
import TestKit
import Tensors
import Testing

/// SeqDiffuSeq: tied vectors, a schedule that is learned and must be kept.
@Suite struct SeqDiffuSeqTests {
    private static let sentences = ["a cat", "the dog sleeps", "two birds sing in a tree", "no", "the cat sleeps in a tree"]

    private static func section(_ sample: [(key: String, value: JSON)] = []) throws -> Section {
        let whole = JSON.object([
            ("system", "seqdiffuseq"),
            ("condition", .object([("kind", "text"), ("length", 16), ("width", 16), ("depth", 1), ("heads", 2)])),
            (
                "model",
                .object([("vocabulary", 290), ("length", 16), ("width", 12), ("dim", 16), ("depth", 1), ("heads", 2)])
            ),
            ("corruption", .object([("steps", 40), ("bins", 4), ("interval", 1), ("start", 1)])),
            ("sample", .object([("steps", 5)] + sample)),
        ])
        return try Section(ConfigurationValue(whole, file: "seq.yaml"))
    }

    private static func build(_ sample: [(key: String, value: JSON)] = []) throws -> SeqDiffuSeqSystem {
        let section = try section(sample)
        let system = try #require(
            try Catalogue.system(section).init(section, Surroundings(captions: { sentences })) as? SeqDiffuSeqSystem)
        try section.finish()
        system.module.initialize(Noise(seed: 1))
        for (i, p) in system.parameters().enumerated() { p.set(p.value.detached() + Noise(seed: 7)(i).normal(p.shape) * 0.1) }
        return system
    }

    private static func loss(_ system: SeqDiffuSeqSystem, _ step: Int = 0) throws -> LossReport {
        let examples = (0..<40).map { Example(caption: sentences[$0 % 5], text: sentences[($0 + 1) % 5], name: "line") }
        let batch = Batch(
            media: try system.form.media(of: examples, from: 0), captions: examples.map { $0.caption! },
            labels: examples.map { _ in 0 }, places: examples.indices.map { Noise(seed: 2)(step)($0) })
        return system.phases[0].loss(batch, step)
    }

    private static func said(_ system: any GenerativeSystem, _ change: (inout SampleRequest) -> Void = { _ in }) throws
        -> [String]
    {
        var request = SampleRequest()
        request.prompts = ["a cat", "the dog sleeps"]
        change(&request)
        var lines: [String] = []
        try system.sample(request) { lines.append($0.text ?? "nothing") }
        return lines
    }

    @Test func `vectors learn from estimates and from reading them, which are tied`() throws {
        let system = try Self.build()
        let table = try #require(system.parameters().first { $0.name == "embedding.weight" })
        let report = try Self.loss(system)
        #expect(gradients(of: report.loss, wrt: [table.value])[0].values.contains { $0 != 0 })
        let before = try #require(report.sums["rounding"]).scalar
        table.set(table.value.detached() * 1.5)
        #expect(try #require(Self.loss(system).sums["rounding"]).scalar < before, "longer vectors are told apart more surely")
    }

    @Test func `the schedule is adapted as training goes on, and sampling needs the one that was learned`() throws {
        let system = try Self.build()
        let initial = system.module.buffers().first { $0.name == "schedule.alphaBars" }!.value
        system.phases[0].commit(try Self.loss(system).sums, 40, 0)
        let learned = system.module.buffers().first { $0.name == "schedule.alphaBars" }!.value
        #expect(learned.values != initial.values)
        let lines = try Self.said(system)
        let folder = FileManager.default.temporaryDirectory.path + "/seq-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let section = try Self.section()
        _ = try Catalogue.system(section).init(section, Surroundings(captions: { Self.sentences }))
        try ModelDirectory.write(system, resolved: section.resolved, to: folder)
        let loaded = try #require(try ModelDirectory.load(folder).system as? SeqDiffuSeqSystem)
        expectIdentical(loaded.module.buffers().first { $0.name == "schedule.alphaBars" }!.value, learned)
        #expect(try Self.said(loaded) == lines)
        loaded.module.buffers().first { $0.name == "schedule.alphaBars" }!.value = initial
        #expect(try Self.said(loaded) != lines, "the schedule that was begun with is another one")
    }

    @Test func `sources count`() throws {
        let system = try Self.build()
        var request = SampleRequest()
        request.prompts = ["a cat", "two birds sing in a tree"]
        request.seeds = [3]
        var lines: [String] = []
        try system.sample(request) { lines.append($0.text ?? "") }
        #expect(lines[0] != lines[1])
    }

    /// The encoder is broken as soon as a step of a batch was made: who reads again says something else.
    @Test func `the source is read once for each batch, and reading it at every step says the same`() throws {
        let system = try Self.build()
        let plain = try Self.said(system) { $0.batch = 1 }
        let encoder = system.parameters().filter { $0.name.hasPrefix("reader") }
        let weights = encoder.map { $0.value.detached() }
        #expect(!encoder.isEmpty)
        var isBroken = false
        let broken = try Self.said(system) { request in
            request.batch = 1
            request.film = Film(frames: .max) { _ in
                guard !isBroken else { return }
                isBroken = true
                for (p, w) in zip(encoder, weights) { p.set(w * -3 + 0.5) }
            }
        }
        #expect(broken[0] == plain[0], "nobody reads after the first step")
        #expect(broken[1] != plain[1], "the next batch is read anew")
        for (p, w) in zip(encoder, weights) { p.set(w) }

        // By hand, with a reader that is asked at every step.
        func part<T>(_ name: String, as type: T.Type = T.self) throws -> T {
            try #require(Mirror(reflecting: system).children.first { $0.label == name }?.value as? T)
        }
        let (network, reader) = (try part("denoiser", as: DiffusionTransformer.self), try #require(system.textReader))
        let schedule = try part("schedule", as: AdaptiveSchedule.self).schedule
        let place = Noise(seed: 0)("sample")
        let grid = try Spacing.trailing.grid(steps: 5, for: schedule)
        let end = AncestralSampler(variance: .small).sample(
            from: GaussianCorruption(schedule).prior([place], system.stateShape), along: grid, schedule: schedule,
            noise: StepNoise([place])
        ) { x, t, previous in
            network.predictor(schedule: schedule, conditions: [reader(["a cat"])])(x, t, previous)
        }
        let table = try #require(system.parameters().first { $0.name == "embedding.weight" }).value
        let tokens = withoutGradients { matmul(end.squeezed(2), table.transposed()) }.argmax(2).values
        guard case .text(let form) = system.form else { return }
        #expect(form.tokenizer.decode(tokens.prefix { $0 != form.end }.filter { $0 != form.padding }) == plain[0])
    }

    @Test func `states are now and then drawn anew from the estimate where that is asked for, alike in any batch`() throws {
        func lines(_ probability: Double, _ share: Double, batch: Int = 8) throws -> [String] {
            let mixed = JSON.object([("probability", .number(probability)), ("share", .number(share))])
            return try Self.said(try Self.build([("mixed", mixed)])) { ($0.seeds, $0.batch) = ([1, 2, 3], batch) }
        }
        let plain = try Self.said(try Self.build()) { $0.seeds = [1, 2, 3] }
        #expect(try lines(0, 1) == plain)
        #expect(try lines(1, 0) == plain)
        let (mixed, always) = (try lines(0.5, 0.8), try lines(1, 0.8))
        #expect(mixed != plain && mixed != always)
        for batch in [1, 4] { #expect(try lines(0.5, 0.8, batch: batch) == mixed) }
    }
}
