import Foundation
import Media
import Networks
import Systems
import Tensors
import TestKit
import Testing

/// The feature classifier as a system: its sections, its loss, its model directory.
@Suite struct FeatureClassifierTests {
    private func section(_ changes: [String: JSON] = [:]) throws -> Section {
        var keys: [(String, JSON)] = [("system", "feature-classifier"), ("model", ["channels": 8, "multipliers": [1, 2]])]
        for (key, value) in changes { keys = keys.filter { $0.0 != key } + [(key, value)] }
        return try Section(ConfigurationValue(JSON.object(keys), file: "features.yaml"))
    }

    private func system(_ changes: [String: JSON] = [:], names: [String] = ["a", "b", "c"]) throws -> FeatureClassifierSystem {
        let section = try section(changes)
        let system = try FeatureClassifierSystem(section, Surroundings(classNames: { names }))
        _ = try section.string("system")
        try section.finish()
        system.module.initialize(Noise(seed: 1))
        return system
    }

    /// Pictures of three colours under noise.
    private func batch(_ count: Int) -> Batch {
        let labels = (0..<count).map { $0 % 3 }
        let colors = Tensor(labels.flatMap { label in (0..<3).map { $0 == label ? 0.6 : -0.4 } }, [count, 1, 1, 3])
        let pictures = (colors + Noise(seed: 2).normal([count, 8, 8, 3]) * 0.2).clamped(-1, 1)
        return Batch(media: pictures, labels: labels, places: (0..<count).map { Noise(seed: 3)($0) })
    }

    @Test func `classes are counted in the data, unless they are given`() throws {
        #expect(try system().classCount == 3)
        let given: [String: JSON] = ["model": ["channels": 8, "multipliers": [1], "classes": 7]]
        #expect(try system(given, names: []).classCount == 7)
        let error = #expect(throws: InputError.self) { try system(names: []) }
        #expect(error?.description.contains("model.classes") == true, "\(error?.description ?? "")")
        let section = try section()
        _ = try FeatureClassifierSystem(section, Surroundings(classNames: { ["a", "b"] }))
        #expect(section.resolved["model"]?["classes"]?.content == .int(2))
    }

    @Test(arguments: [
        ("model", #"{"channels": 0}"#, "channels"), ("model", #"{"multipliers": []}"#, "multipliers"),
        ("model", #"{"classes": 1}"#, "classes"), ("loss", #"{"smoothing": 1}"#, "smoothing"),
        ("augment", #"{"crop": [1.0]}"#, "crop"), ("augment", #"{"crop": [1.0, 0.5]}"#, "crop"),
        ("augment", #"{"crop": [0, 1]}"#, "crop"), ("augment", #"{"color": 2}"#, "color"),
        ("augment", #"{"colour": 0.1}"#, "'color'"),
    ])
    func `a value that cannot be is refused by name`(key: String, json: String, word: String) throws {
        let error = #expect(throws: InputError.self) { try system([key: try JSON.parse(json, file: "test")]) }
        #expect(error?.description.contains(word) == true, "\(error?.description ?? "no error")")
    }

    @Test func `sounds are taken in as spectrograms, as they are`() throws {
        let model: [String: JSON] = ["model": ["channels": 4, "multipliers": [1, 2], "sound": ["frames": 12, "bands": 8]]]
        let system = try system(model)
        let sound = Example(sound: Sound(rate: 22_050, samples: (0..<3000).map { Float($0 % 50) / 50 - 0.5 }), name: "saw")
        let media = try system.form.media(of: sound)
        #expect(media.shape == [1, 12, 8, 1] && system.logits(of: media).shape == [1, 3])
        let report = system.loss(Batch(media: media, labels: [1], places: [Noise(seed: 3)(0)]))
        expectClose(report.sums["entropy"]!, crossEntropy(system.logits(of: media), Tokens([1])).sum(), relative: 1e-6)
        let pictures = #expect(throws: InputError.self) { try self.system(model.merging(["augment": ["flip": true]]) { $1 }) }
        #expect(pictures?.description.contains("augment") == true, "\(pictures?.description ?? "")")
        let deep: JSON = ["channels": 4, "multipliers": [1, 1, 1, 1, 1], "sound": ["frames": 12, "bands": 8]]
        let error = #expect(throws: InputError.self) { try self.system(["model": deep]) }
        #expect(error?.description.contains("multipliers") == true, "\(error?.description ?? "")")
    }

    @Test func `the loss is cross-entropy over changed pictures, a share of it towards every class alike`() throws {
        let still: JSON = ["crop": [1, 1], "flip": false, "color": 0]
        let plain = try system(["augment": still, "loss": ["smoothing": 0]])
        let batch = batch(6)
        let logits = plain.logits(of: batch.media!)
        let entropies = crossEntropy(logits, Tokens(batch.labels))
        let report = plain.loss(batch)
        expectClose(report.loss, entropies.mean(), relative: 1e-6)
        expectClose(report.sums["entropy"]!, entropies.sum(), relative: 1e-6)
        let right = zip(logits.argmax(1).values, batch.labels).count { Int($0) == $1 }
        #expect(report.sums["accuracy"]?.scalar == Float(right))
        // Smoothed targets: 1 - ε + ε / K for the own class, ε / K for the others.
        let smooth = try system(["augment": still, "loss": ["smoothing": 0.3]]).loss(batch)
        let logs = logits.logSoftmax().values
        var expected: Float = 0
        for b in 0..<6 {
            for k in 0..<3 {
                let target: Float = k == batch.labels[b] ? 0.8 : 0.1
                expected -= logs[b * 3 + k] * target / 6
            }
        }
        expectClose(smooth.loss, Tensor(expected), relative: 1e-5)
        #expect(try system(["loss": ["smoothing": 0]]).loss(batch).loss.scalar != report.loss.scalar)
    }

    @Test func `sums and loss are the same in microbatches`() throws {
        let system = try system()
        let whole = batch(6)
        let parts = [0..<2, 2..<6].map { rows in
            system.loss(
                Batch(
                    media: whole.media!.slice(0, rows), labels: Array(whole.labels[rows]), places: Array(whole.places[rows])
                ))
        }
        let report = system.loss(whole)
        expectClose((parts[0].loss * 2 + parts[1].loss * 4) / 6, report.loss, relative: 1e-5)
        for (name, sum) in report.sums { expectClose(parts[0].sums[name]! + parts[1].sums[name]!, sum, relative: 1e-5, name) }
    }

    @Test func `a model directory says the same when it is read again`() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/features-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let section = try section(["loss": ["smoothing": 0.2], "augment": ["flip": false]])
        let system = try FeatureClassifierSystem(section, Surroundings(classNames: { ["a", "b", "c"] }))
        system.module.initialize(Noise(seed: 4))
        _ = try section.string("system")
        try ModelDirectory.write(system, resolved: section.resolved, to: folder)
        let loaded = try #require(try ModelDirectory.load(folder).system as? any FeatureSystem)
        let x = batch(3).media!
        withoutGradients {
            expectIdentical(loaded.extractor.vectors(of: x), system.extractor.vectors(of: x))
            expectIdentical((loaded as? any ClassifyingSystem)!.logits(of: x), system.logits(of: x))
        }
        // How it was trained is no part of what it is.
        let keys = try JSON.read(folder + "/config.json")
        #expect(keys["augment"] == nil && keys["loss"] == nil && keys["model"]?["classes"]?.number == 3)
    }
}
