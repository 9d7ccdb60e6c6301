import Foundation
import Media
import Networks
import Systems
import TestKit
import Tensors
import Testing
import Training

/// Captions and pictures in one space, and candidates that are chosen there.
@Suite struct CLIPTests {
    private static let colors = ["red", "green", "blue"]

    private static func section(_ model: [(key: String, value: JSON)] = []) throws -> Section {
        let sizes: [(key: String, value: JSON)] = [("width", 8), ("channels", 8), ("multipliers", [1, 2])]
        let whole = JSON.object([
            ("system", "clip"), ("condition", ["vocabulary": 280, "length": 8, "width": 16, "depth": 1, "heads": 2]),
            ("model", .object(sizes.filter { own in !model.contains { $0.key == own.key } } + model)),
        ])
        return try Section(ConfigurationValue(whole, file: "clip.yaml"))
    }

    private static func build(_ section: Section) throws -> CLIPSystem {
        let system = try CLIPSystem(section, Surroundings(captions: { colors }))
        _ = try section.string("system")
        try section.finish()
        system.module.initialize(Noise(seed: 1))
        return system
    }

    /// Pictures of three colours under noise, each once.
    private static func batch(_ seed: UInt64) -> Batch {
        let tints = Tensor((0..<9).map { $0 / 3 == $0 % 3 ? 0.6 : -0.4 }, [3, 1, 1, 3])
        let pictures = (tints + Noise(seed: seed).normal([3, 8, 8, 3]) * 0.3).clamped(-1, 1)
        return Batch(media: pictures, captions: colors, labels: [0, 1, 2], places: (0..<3).map { Noise(seed: seed)($0) })
    }

    private static func learned() throws -> (system: CLIPSystem, section: Section) {
        let section = try section()
        let system = try build(section)
        let parameters = system.parameters()
        let optimizer = AdamW(AdamWConfiguration(rate: LearningRate(peak: 1e-2)), parameters)
        for step in 0..<60 {
            let report = system.loss(batch(UInt64(step)))
            if step == 0 { #expect(report.loss.scalar > 0.5) }
            optimizer.update(gradients(of: report.loss, wrt: parameters.map(\.value)), rate: 1e-2)
        }
        return (system, section)
    }

    @Test func `what fits is found, a copy finds the same, and nobody is nearer than 1`() throws {
        let (system, section) = try Self.learned()
        let batch = Self.batch(1000)
        #expect(system.loss(batch).loss.scalar < 0.1 && system.loss(batch).sums["accuracy"]!.scalar == 3)
        let cosines = system.match(batch.media!, Self.colors)
        #expect(cosines.argmax(1).values == [0, 1, 2] && cosines.values.allSatisfy { abs($0) <= 1.0001 })
        // Each alone is matched as it is among others.
        for i in 0..<3 { expectClose(system.match(batch.media!.slice(0, i..<i + 1), Self.colors), cosines.slice(0, i..<i + 1)) }
        let folder = TemporaryFolder()
        try ModelDirectory.write(system, resolved: section.resolved, to: folder.path + "/model")
        let loaded = try #require(try ModelDirectory.load(folder.path + "/model").system as? CLIPSystem)
        expectIdentical(loaded.match(batch.media!, Self.colors), cosines)
    }

    @Test func `the loss is that of the paper`() throws {
        let system = try Self.build(try Self.section())
        let batch = Self.batch(5)
        // 1 / 0.07 at first; rows are media, columns captions.
        let logits = (system.match(batch.media!, Self.colors) * Float(1 / 0.07)).values.map(Double.init)
        func entropy(_ at: (Int, Int) -> Int) -> Double {
            (0..<3).reduce(0) { sum, i in
                sum + log((0..<3).reduce(0) { $0 + exp(logits[at(i, $1)]) }) - logits[at(i, i)]
            } / 3
        }
        let expected = (entropy { $0 * 3 + $1 } + entropy { $1 * 3 + $0 }) / 2
        #expect(abs(Double(system.loss(batch).loss.scalar) - expected) < 1e-4 * expected)
    }
}
