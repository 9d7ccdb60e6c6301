import Denoisers
import Diffusion
import Foundation
import Media
import Networks
import Systems
import TestKit
import Tensors
import Testing

/// Continuous diffusion for categorical data: vectors, what teaches what, and what is known.
@Suite struct CDCDTests {
    private static let sentences = ["a cat", "the dog sleeps", "two birds sing in a tree", "no", "the cat sleeps in a tree"]

    private static func build(_ text: Bool = false, warp: Bool = true, _ sample: [(key: String, value: JSON)] = []) throws
        -> CDCDSystem
    {
        let condition: [(String, JSON)] =
            text ? [("kind", "text"), ("length", 16), ("width", 16), ("depth", 1), ("heads", 2)] : [("kind", "none")]
        let whole = JSON.object([
            ("system", "cdcd"), ("condition", .object(condition)),
            (
                "model",
                .object([("vocabulary", 290), ("length", 16), ("width", 12), ("dim", 16), ("depth", 1), ("heads", 2)])
            ),
            ("corruption", .object([("least", 0.3), ("most", 30), ("bins", 12), ("warp", .bool(warp))])),
            ("sample", .object([("steps", 3)] + sample)),
        ])
        let section = try Section(ConfigurationValue(whole, file: "cdcd.yaml"))
        let system = try #require(
            try Catalogue.system(section).init(section, Surroundings(captions: { sentences })) as? CDCDSystem)
        try section.finish()
        system.module.initialize(Noise(seed: 1))
        // What begins at zero is moved, so that everything matters.
        for (i, p) in system.parameters().enumerated() { p.set(p.value.detached() + Noise(seed: 7)(i).normal(p.shape) * 0.1) }
        return system
    }

    private static func loss(_ system: CDCDSystem, _ rows: Range<Int> = 0..<5) throws -> LossReport {
        let examples = sentences.map { Example(caption: $0, text: $0, name: "line") }
        var batch = Batch(
            media: try system.form.media(of: Array(examples[rows]), from: 0), captions: examples[rows].map { $0.caption! },
            labels: rows.map { _ in 0 }, places: rows.map { Noise(seed: 2)($0) })
        batch.share = Batch.Share(rows: rows, total: 5, step: Noise(seed: 3))
        return system.phases[0].loss(batch, 0)
    }

    private static func said(_ system: any GenerativeSystem, _ change: (inout SampleRequest) -> Void) throws -> [String] {
        var request = SampleRequest()
        change(&request)
        var lines: [String] = []
        try system.sample(request) { lines.append($0.text ?? "nothing") }
        return lines
    }

    @Test func `vectors have the length of the root of their width, whatever the optimiser does to them`() throws {
        let system = try Self.build()
        let table = try #require(system.parameters().first { $0.name == "denoiser.embedding" })
        for scale in [1, 1e-3, 40] as [Float] {
            table.set(Noise(seed: 4).normal(table.shape) * scale)
            let network = try #require(
                Mirror(reflecting: system).children.first { $0.label == "denoiser" }?.value as? ScoreInterpolation)
            for norm in network.vectors.square().sum(1).values { #expect(abs(norm - 12) < 1e-4) }
        }
    }

    @Test func `cross entropy reaches network and vectors, and the warp learns from it without teaching it anything`() throws {
        let system = try Self.build()
        let parameters = system.parameters().filter { $0.name.hasSuffix("embedding") || $0.name.contains("blocks") }
        let found = gradients(of: try Self.loss(system).loss, wrt: parameters.map(\.value))
        #expect(found.allSatisfy { $0.values.contains { $0 != 0 } })
        // Its curve is a buffer: the optimiser does not see it, and the loss of a step does not move with it but by its times.
        #expect(!system.parameters().contains { $0.name.hasPrefix("warp") })
        let before = system.module.buffers().filter { $0.name.hasPrefix("warp") }.map { $0.value.values }
        let weights = system.parameters().map { $0.value.values }
        system.phases[0].commit(try Self.loss(system).sums, 5, 0)
        let after = system.module.buffers().filter { $0.name.hasPrefix("warp") }.map { $0.value.values }
        #expect(before != after && weights == system.parameters().map { $0.value.values })
        #expect(try Self.build(warp: false).module.buffers().isEmpty)
    }

    @Test func `the loss of a whole batch is that of its parts, times and all`() throws {
        let system = try Self.build(true)
        let whole = try Self.loss(system)
        let (a, b) = (try Self.loss(system, 0..<2), try Self.loss(system, 2..<5))
        #expect(abs(whole.loss.scalar - (2 * a.loss.scalar + 3 * b.loss.scalar) / 5) < 1e-4)
        expectClose(a.sums["warp_times"]! + b.sums["warp_times"]!, whole.sums["warp_times"]!, absolute: 0)
    }

    @Test func `what is known is not seen through noise, and counts`() throws {
        var c = DiTConfiguration()
        (c.height, c.width, c.channels, c.patch, c.dim, c.depth, c.heads) = (8, 1, 6, 1, 16, 1, 2)
        (c.learnsVariance, c.knows, c.outputs, c.prediction) = (false, true, 11, .x0)
        let schedule = VarianceExploding(most: 30)
        let network = ScoreInterpolation(c, schedule)
        network.initialize(Noise(seed: 1))
        for (i, p) in network.parameters().enumerated() { p.set(p.value.detached() + Noise(seed: 7)(i).normal(p.shape) * 0.1) }
        let flags = Tensor([1, 0, 0, 1, 0, 0, 1, 0], [1, 8, 1])
        func logits(_ x: Tensor, _ vectors: Tensor) -> Tensor {
            let known = Condition(.known, states: concatenated([vectors * flags, flags], axis: 2))
            return network.logits(DenoiserInput(state: x, time: [0.3], schedule: schedule, conditions: [known]))
        }
        let (x, vectors) = (Noise(seed: 5).normal([1, 8, 1, 6]) * 9, Noise(seed: 6).normal([1, 8, 6]))
        let plain = logits(x, vectors)
        expectIdentical(logits(x + flags.unsqueezed(3) * 5, vectors), plain)
        #expect(logits(x + 0.5, vectors).values != plain.values && logits(x, vectors * 2).values != plain.values)
        #expect(plain.shape == [1, 8, 11])
        let estimate = network.estimate(plain)
        expectClose(estimate.squeezed(2), matmul(plain.softmax(), network.vectors), relative: 1e-6)
    }

    @Test func `blanks are filled, sources are listened to, and guidance counts`() throws {
        let alone = try Self.build()
        let filled = try Self.said(alone) { $0.infills = ["the __ sleeps in a tree"] }
        #expect(filled[0].hasPrefix("the") && filled[0].hasSuffix(" sleeps in a tree"))
        let told = try Self.build(true)
        let lines = try Self.said(told) { $0.prompts = ["a cat", "the dog sleeps"] }
        #expect(lines.count == 2)
        #expect(throws: InputError.self) { try Self.said(told) { $0.infills = ["a _"] } }
        #expect(throws: InputError.self) { try Self.said(alone) { $0.prompts = ["a cat"] } }
    }

    /// Sampling by another warp than training's is another sampler.
    @Test func `sampling takes its steps by the warp that was learned`() throws {
        let system = try Self.build()
        var ends: [[Double]] = []
        func watch() throws {
            try Self.said(system) { request in
                request.steps = 6
                request.film = Film(frames: .max) { _ in }
            }.forEach { _ in }
            let warp = try #require(Mirror(reflecting: system).children.first { $0.label == "warp" }?.value as? FittedWarp)
            ends.append(warp.warp.grid(steps: 6).times)
        }
        try watch()
        let before = try Self.said(system) { $0.steps = 6 }
        for buffer in system.module.buffers() where buffer.name == "warp.heightLogits" {
            buffer.value = Tensor((0..<12).map { Float($0 < 2 ? 3 : -6) }, [12])
        }
        try watch()
        let after = try Self.said(system) { $0.steps = 6 }
        #expect(ends[0] != ends[1] && before != after)
    }

    @Test func `temperatures of score and warp change what is said, and at 1 with nothing even they change nothing`() throws {
        func lines(_ sample: [(key: String, value: JSON)]) throws -> [String] {
            let system = try Self.build(false, sample)
            for buffer in system.module.buffers() where buffer.name == "warp.heightLogits" {
                buffer.value = Tensor((0..<12).map { Float($0 < 4 ? 2 : -2) }, [12])
            }
            return try Self.said(system) { ($0.steps, $0.seeds) = (6, [1, 2, 3]) }
        }
        let plain = try lines([])
        #expect(try lines([("score_temperature", 1), ("warp_temperature", 1), ("warp_even", 0)]) == plain)
        for key in ["score_temperature", "warp_temperature", "warp_even"] {
            #expect(try lines([(key, 0.5)]) != plain, "\(key)")
        }
        // Where times are even there is nothing to warp.
        let even = try Self.build(false, warp: false, [("warp_temperature", 0.5), ("warp_even", 0.5)])
        #expect(try Self.said(even) { $0.seeds = [1, 2] } == Self.said(try Self.build(warp: false)) { $0.seeds = [1, 2] })
    }
}
