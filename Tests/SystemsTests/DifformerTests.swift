import Diffusion
import Foundation
import Glibc
import Media
import Metrics
import Networks
import Systems
import TestKit
import Tensors
import Testing

/// What the sheet of Gao et al. 2022 asks: amplified noise, an anchor that keeps vectors apart, candidates of several lengths.
@Suite struct DifformerTests {
    private static let sentences = ["a cat", "the dog sleeps", "two birds sing in a tree", "no", "the cat sleeps in a tree"]

    private static func build(_ model: [(key: String, value: JSON)] = [], _ sample: [(key: String, value: JSON)] = []) throws
        -> DifformerSystem
    {
        let usual: [(key: String, value: JSON)] = [
            ("vocabulary", 290), ("length", 16), ("width", 12), ("dim", 16), ("depth", 1), ("heads", 2),
        ]
        let whole = JSON.object([
            ("system", "difformer"),
            ("condition", .object([("kind", "text"), ("length", 16), ("width", 16), ("depth", 1), ("heads", 2)])),
            ("model", .object(usual + model)), ("corruption", .object([("steps", 40)])),
            ("sample", .object([("steps", 4)] + sample)),
        ])
        let section = try Section(ConfigurationValue(whole, file: "difformer.yaml"))
        let system = try #require(
            try Catalogue.system(section).init(section, Surroundings(captions: { sentences })) as? DifformerSystem)
        try section.finish()
        system.module.initialize(Noise(seed: 1))
        for (i, p) in system.parameters().enumerated() where p.name != "embedding.weight" {
            p.set(p.value.detached() + Noise(seed: 7)(i).normal(p.shape) * 0.1)
        }
        return system
    }

    private static func loss(_ system: DifformerSystem) throws -> LossReport {
        let examples = sentences.indices.map { Example(caption: sentences[$0], text: sentences[($0 + 1) % 5], name: "line") }
        let batch = Batch(
            media: try system.form.media(of: examples, from: 0), captions: examples.map { $0.caption! },
            labels: examples.map { _ in 0 }, places: examples.indices.map { Noise(seed: 2)($0) })
        return system.phases[0].loss(batch, 0)
    }

    private static func said(_ system: any GenerativeSystem, _ change: (inout SampleRequest) -> Void = { _ in }) throws
        -> [String]
    {
        var request = SampleRequest()
        request.prompts = ["a cat", "the dog sleeps"]
        change(&request)
        var lines: [String] = []
        try system.sample(request) { lines.append("\($0.promptIndex) \($0.seed) \($0.text ?? "nothing")") }
        return lines
    }

    // MARK: - Noise

    @Test func `amplified noise is another variance-preserving schedule up to a scale, and of factor 1 the schedule itself`()
        throws
    {
        let chain = try ChainSchedule(.squareRoot(), steps: 2000)
        let F = 4.0
        let amplified = AmplifiedNoise(chain, by: F)
        for t in [0.001, 0.2, 0.5, 0.9, 1] {
            let bar = pow(chain.alpha(t), 2)
            let other = bar / (F * F - (F * F - 1) * bar)
            let level = amplified.level(at: t)
            #expect(abs(level.signalToNoise.scalar - bar / (F * F * (1 - bar))) < 1e-9 * level.signalToNoise.scalar)
            #expect(abs(level.signalToNoise.scalar - other / (1 - other)) < 1e-9 * level.signalToNoise.scalar)
            #expect(AmplifiedNoise(chain, by: 1).level(at: t) == chain.level(at: t))
        }
    }

    @Test func `the posterior's mean knows no factor, its deviation is multiplied by it, as is the beginning`() throws {
        let chain = try ChainSchedule(.squareRoot(), steps: 2000)
        let amplified = AmplifiedNoise(chain, by: 4)
        for (now, next) in [(1.0, 0.95), (0.6, 0.55), (0.05, 0.001)] {
            let plain = GaussianPosterior(from: chain.level(at: now), to: chain.level(at: next))
            let loud = GaussianPosterior(from: amplified.level(at: now), to: amplified.level(at: next))
            #expect(abs(plain.fromX0.scalar - loud.fromX0.scalar) < 1e-12)
            #expect(abs(plain.fromState.scalar - loud.fromState.scalar) < 1e-12)
            #expect(abs(loud.variance.squareRoot.scalar / plain.variance.squareRoot.scalar - 4) < 1e-9)
        }
        let places = [Noise(seed: 3)]
        let prior = GaussianCorruption(chain).prior(places, [50])
        expectClose(GaussianCorruption(amplified).prior(places, [50]), prior * 4, relative: 1e-6)
    }

    // MARK: - Anchor

    @Test(arguments: ["prediction", "data"]) func `the anchor teaches the network, reading the data does not`(kind: String) throws
    {
        func gradient(_ anchor: String) throws -> [Tensor] {
            let system = try Self.build([("anchor", .string(anchor)), ("self_conditioning", "none")])
            let blocks = system.parameters().filter { $0.name.hasPrefix("denoiser.blocks") }
            return gradients(of: try Self.loss(system).loss, wrt: blocks.map(\.value))
        }
        let (with, without) = (try gradient(kind), try gradient("none"))
        let difference = zip(with, without).map { ($0 - $1).abs().sum().scalar }.reduce(0, +)
        let size = without.map { $0.abs().sum().scalar }.reduce(0, +)
        #expect(kind == "prediction" ? difference > 0.01 * size : difference < 1e-5 * size, "\(difference) of \(size)")
    }

    @Test func `vectors that have all become one cost nothing without an anchor, and the logarithm of the vocabulary with it`()
        throws
    {
        let system = try Self.build([("norm", "none"), ("self_conditioning", "none")])
        let table = try #require(system.parameters().first { $0.name == "embedding.weight" })
        table.set(.zeros(table.shape))
        for p in system.parameters() where p.name.hasPrefix("denoiser.output") { p.set(.zeros(p.shape)) }
        let report = try Self.loss(system)
        #expect(abs(try #require(report.sums["mse"]).scalar) < 1e-10)
        #expect(abs(try #require(report.sums["anchor"]).scalar / 5 - Float(log(Double(table.shape[0])))) < 1e-4)
    }

    /// Vectors that were one move apart where the estimate is to be read, and stay where only its error counts.
    @Test(arguments: ["prediction", "none"]) func `training pulls vectors apart with the anchor alone`(anchor: String) throws {
        let system = try Self.build([("anchor", .string(anchor)), ("norm", "none")])
        let table = try #require(system.parameters().first { $0.name == "embedding.weight" })
        let start = Noise(seed: 9).normal(table.shape) * 0.3
        table.set(start)
        let used = Array(
            Set((try system.form.media(of: Self.sentences.map { Example(text: $0, name: "") }, from: 0)).values.map { Int($0) }))
        func spread() -> Float {
            let rows = table.value.detached().gathered(0, used)
            return (rows - rows.mean(0, keep: true)).square().mean().scalar
        }
        let before = spread()
        let parameters = system.parameters()
        for _ in 0..<60 {
            let found = gradients(of: try Self.loss(system).loss, wrt: parameters.map(\.value))
            for (p, g) in zip(parameters, found) { p.set(p.value.detached() - g * 0.3) }
        }
        #expect(anchor == "prediction" ? spread() > before : spread() < 0.9 * before, "\(before) to \(spread())")
    }

    // MARK: - Norm

    @Test func `vectors are of one length where they are normalised, and the network's input where that is`() throws {
        let frequent = try Self.build()
        let table = try #require(frequent.parameters().first { $0.name == "embedding.weight" })
        let before = try Self.loss(frequent)
        table.set(table.value.detached() * 7)
        // However long they have become, they are used as they were.
        expectClose(try Self.loss(frequent).loss, before.loss, relative: 1e-3)
        let names = try Self.build([("norm", "input")]).parameters().map(\.name)
        #expect(names.contains("denoiser.inputNorm.weight"))
        #expect(!frequent.parameters().map(\.name).contains("denoiser.inputNorm.weight"))
    }

    // MARK: - Candidates

    @Test func `several candidates are made of each source, and one is said, the same in any batch`() throws {
        let system = try Self.build([], [("lengths", 3), ("candidates", 2)])
        let first = try Self.said(system) { $0.seeds = [4, 5] }
        #expect(first.map { String($0.prefix(3)) } == ["0 4", "0 5", "1 4", "1 5"])
        for batch in [1, 5, 24] {
            #expect(
                try Self.said(system) {
                    $0.seeds = [4, 5]
                    $0.batch = batch
                } == first)
        }
        // The first candidate is what one alone would be.
        let alone = try Self.said(try Self.build())
        #expect(alone.count == 2)
    }

    // MARK: - Ending early, clamping

    @Test func `a run ends when nothing changes any more, and what is said does not depend on who else is in the batch`() throws {
        func watched(_ sample: [(key: String, value: JSON)], batch: Int = 1) throws -> (steps: Int, said: [String]) {
            let system = try Self.build([], sample)
            var steps = 0
            let lines = try Self.said(system) {
                $0.seeds = [4, 5, 6]
                $0.steps = 40
                $0.batch = batch
                $0.film = Film(frames: .max) { _ in steps += 1 }
            }
            return (steps, lines)
        }
        let whole = try watched([])
        #expect(whole.steps == 6 * 40)
        for never in [0, 100] { #expect(try watched([("patience", JSON(never))]) == whole) }
        let hasty = try watched([("patience", 1)])
        #expect(hasty.steps < 6 * 40)
        #expect(hasty.said != whole.said, "\(hasty)")
        for batch in [4, 6] { #expect(try watched([("patience", 1)], batch: batch).said == hasty.said) }
    }

    @Test func `estimates are clamped to vectors of tokens where that is asked for`() throws {
        func lines(_ clamp: Bool) throws -> [String] {
            try Self.said(try Self.build([], [("clamp", .bool(clamp))])) { $0.seeds = [1, 2, 3] }
        }
        #expect(try lines(true) != lines(false))
        let plain = try Self.said(try Self.build()) { $0.seeds = [1, 2, 3] }
        #expect(try lines(false) == plain)
    }

    @Test func `the candidate that the others agree with is chosen`() {
        #expect(MinimumRisk().best(of: ["only this"]) == 0)
        #expect(MinimumRisk().best(of: ["a b c d", "x y z w", "a b c e", "a b c d f"]) != 1)
        let candidates = ["the cat sat on a mat", "the cat sat on the mat", "a dog ran off", "the cat sat on the mat today"]
        let bleu = BLEU(effectiveOrder: true)
        let sums = candidates.map { h in candidates.map { bleu.sentence(h, [$0]).value }.reduce(0, +) }
        #expect(MinimumRisk().best(of: candidates) == sums.firstIndex(of: sums.max()!))
        #expect(MinimumRisk().best(of: ["same", "same", "same"]) == 0)
    }
}
