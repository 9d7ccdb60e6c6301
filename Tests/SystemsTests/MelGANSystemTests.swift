import Codecs
import Foundation
import Media
import Networks
import Systems
import Tensors
import TestKit
import Testing

/// What the sections of a MelGAN say, and what its model directory holds.
@Suite struct MelGANSystemTests {
    let home = FileManager.default.temporaryDirectory.path + "/melgan-" + UUID().uuidString

    private func section(_ changes: [String: JSON] = [:]) throws -> Section {
        let usual: [(key: String, value: JSON)] = [
            ("system", "melgan"),
            (
                "model",
                [
                    "channels": 4, "ratios": [4, 4], "blocks": 1,
                    "sound": ["rate": 8000, "size": 64, "hop": 16, "bands": 20, "low": 50, "high": 4000],
                ]
            ), ("discriminator", ["channels": 4, "layers": 2, "largest_channels": 16, "segment": 256]),
            ("loss", ["mel": 10, "spectra": 1]),
        ]
        let whole = usual.map { (key: $0.key, value: changes[$0.key] ?? $0.value) }
        return try Section(ConfigurationValue(.object(whole), file: home + "/experiment.json"))
    }

    private func build(_ section: Section) throws -> MelGANSystem {
        let system = try #require(try Catalogue.system(section).init(section, Surroundings()) as? MelGANSystem)
        try section.finish()
        system.module.initialize(Noise(seed: 1))
        return system
    }

    @Test func `a model directory holds the generator and its spectrogram's settings, and speaks as before`() throws {
        defer { try? FileManager.default.removeItem(atPath: home) }
        let section = try section()
        let system = try build(section)
        #expect(system.phases.map(\.name) == ["generator", "discriminator"])
        #expect(system.phases.map(\.parameters.count) == [3 * (2 + 2 + 2 * 3), 3 * 3 * 5])
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        try ModelDirectory.write(system, resolved: section.resolved, to: home + "/model")
        let text = try AtomicFile.readText(home + "/model/config.json")
        #expect(
            text.contains("\"hop\": 16") && text.contains("\"floor\"") && !text.contains("discriminator")
                && !text.contains("loss"))
        let names = try SafetensorsFile(home + "/model/model.safetensors").entries.map(\.name)
        #expect(names.contains("stages.1.blocks.0.conv1.weight.direction") && !names.contains { $0.contains("scales") })
        let loaded = try #require(try ModelDirectory.load(home + "/model").system as? any VocoderSystem)
        #expect(loaded.phases.isEmpty && loaded.vocoder.settings == system.vocoder.settings)
        let spectrogram = Noise(seed: 2).uniform([9, 20])
        let sounds = [system.vocoder, loaded.vocoder].map { $0.sound(of: spectrogram, noise: Noise(seed: 0)) }
        #expect(sounds[0] == sounds[1] && sounds[0].frames == 8 * 16 && sounds[0].rate == 8000)
    }

    @Test func `what does not fit together is told by its key`() throws {
        let sound: JSON = ["rate": 8000, "size": 64, "hop": 16, "bands": 20, "low": 50, "high": 4000]
        for (changes, words) in [
            (["model": ["ratios": [4, 3], "sound": sound]], "model.ratios"),
            (
                ["model": ["ratios": [4, 4], "sound": ["rate": 8000, "size": 64, "hop": 16, "high": 9000]]],
                "model.sound.high"
            ),
            (["model": ["ratios": [4, 4], "channel": 4, "sound": sound]], "model.channel"),
            (["discriminator": ["segment": 250]], "discriminator.segment"),
            (["discriminator": ["channels": 6, "segment": 256]], "channels: no such discriminator"),
            (["loss": ["mel": -1]], "loss.mel"),
        ] as [([String: JSON], String)] {
            let error = #expect(throws: InputError.self) { _ = try build(try section(changes)) }
            #expect(error.map { "\($0)".contains(words) } == true, "\(words): \(error.map { "\($0)" } ?? "")")
        }
    }
}
