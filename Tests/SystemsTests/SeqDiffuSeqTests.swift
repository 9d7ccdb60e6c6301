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

    private static func section() throws -> Section {
        let whole = JSON.object([
            ("system", "seqdiffuseq"),
            ("condition", .object([("kind", "text"), ("length", 16), ("width", 16), ("depth", 1), ("heads", 2)])),
            (
                "model",
                .object([("vocabulary", 290), ("length", 16), ("width", 12), ("dim", 16), ("depth", 1), ("heads", 2)])
            ),
            ("corruption", .object([("steps", 40), ("bins", 4), ("interval", 1), ("start", 1)])),
            ("sample", .object([("steps", 5)])),
        ])
        return try Section(ConfigurationValue(whole, file: "seq.yaml"))
    }

    private static func build() throws -> SeqDiffuSeqSystem {
        let section = try section()
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

    private static func said(_ system: any GenerativeSystem) throws -> [String] {
        var request = SampleRequest()
        request.prompts = ["a cat", "the dog sleeps"]
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
}
