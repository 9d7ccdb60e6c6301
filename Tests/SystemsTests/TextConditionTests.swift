import Diffusion
import Foundation
import Media
import Networks
import Systems
import Tensors
import TestKit
import Testing

/// The DiT system told sentences, by a frozen encoder and by one that learns with it.
@Suite struct TextConditionTests {
    let home = FileManager.default.temporaryDirectory.path + "/text-condition-" + UUID().uuidString

    /// The section of a small DiT whose codec lies in `home`.
    func section(_ condition: JSON) throws -> Section {
        let codec = home + "/codec"
        if !FileManager.default.fileExists(atPath: codec) {
            let part: JSON = [
                "system": "kl-autoencoder",
                "codec": [
                    "size": [8, 8], "channels": 8, "multipliers": [1, 2], "blocks": 1, "latent_channels": 2,
                    "groups": 4,
                ],
            ]
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            let section = try Section(ConfigurationValue(part, file: "codec"))
            let system = try Catalogue.system(section).init(section, Surroundings())
            system.module.initialize(Noise(seed: 1))
            try ModelDirectory.write(system, resolved: section.resolved, to: codec)
        }
        let whole: JSON = [
            "system": "dit", "codec": ["from": JSON(codec)], "condition": condition,
            "model": ["dim": 16, "depth": 1, "heads": 2, "patch": 1], "sample": ["steps": 3],
        ]
        return try Section(ConfigurationValue(whole, file: home + "/experiment.json"))
    }

    func system(_ section: Section) throws -> DiTSystem {
        let words = Surroundings { ["a red circle", "a blue square", "a red square"] }
        let built = try #require(try Catalogue.system(section).init(section, words) as? DiTSystem)
        try section.finish()
        // Away from the start, at which nothing that is told has an effect.
        for p in built.parameters() { p.set(Noise(seed: 2)(p.name).normal(p.shape) * 0.2) }
        return built
    }

    func pictures(_ system: any System, _ prompts: [String]) throws -> [[UInt8]] {
        var request = SampleRequest()
        request.prompts = prompts
        var pictures: [[UInt8]] = []
        try #require(system as? any GenerativeSystem).sample(request) { pictures.append($0.picture!.pixels) }
        return pictures
    }

    @Test
    func `a model with a frozen encoder is whole: it says the same in another place without the encoder's folder`()
        throws
    {
        defer { try? FileManager.default.removeItem(atPath: home) }
        var encoder: BERTFolder? = try BERTFolder()
        let section = try section(["kind": "text", "length": 8, "encoder": ["from": JSON(encoder!.path)]])
        let system = try system(section)
        let drawn = try pictures(system, ["a red circle", "a blue square"])
        #expect(drawn[0] != drawn[1], "the sentence has an effect")
        try ModelDirectory.write(system, resolved: section.resolved, to: home + "/model")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: home + "/model/text").sorted()
                == ["config.json", "model.safetensors", "tokenizer.json"])

        encoder = nil
        try FileManager.default.moveItem(atPath: home + "/model", toPath: home + "/moved")
        try FileManager.default.removeItem(atPath: home + "/codec")
        let loaded = try ModelDirectory.load(home + "/moved")
        #expect(try pictures(loaded.system, ["a red circle", "a blue square"]) == drawn)

        // What is loaded can be written again, and is the same model.
        try ModelDirectory.write(loaded.system, resolved: loaded.configuration, to: home + "/again")
        #expect(try ModelDirectory.fingerprint(home + "/again") == loaded.fingerprint)
    }

    @Test func `only the encoder that learns is among the model's weights`() throws {
        defer { try? FileManager.default.removeItem(atPath: home) }
        let encoder = try BERTFolder()
        func names(_ condition: JSON) throws -> [String] {
            let section = try section(condition)
            let system = try system(section)
            #expect(system.phases.flatMap(\.parameters).map(\.name) == system.parameters().map(\.name))
            try ModelDirectory.write(system, resolved: section.resolved, to: home + "/model")
            return try SafetensorsFile(home + "/model/model.safetensors").entries.map(\.name)
        }
        let frozen = try names(["kind": "text", "encoder": ["from": JSON(encoder.path)]])
        let learning = try names(["kind": "text", "length": 8, "width": 32, "depth": 1])
        #expect(!frozen.contains { $0.hasPrefix("reader") })
        #expect(learning.contains("reader.encoder.tokens.weight"))
        #expect(Set(learning.filter { !$0.hasPrefix("reader") }) == Set(frozen), "the denoiser is the same")
    }

    @Test func `training listens to the frozen encoder and leaves it alone`() throws {
        defer { try? FileManager.default.removeItem(atPath: home) }
        let encoder = try BERTFolder()
        let system = try system(try section(["kind": "text", "dropout": 0, "encoder": ["from": JSON(encoder.path)]]))
        func loss(_ captions: [String]) -> Tensor {
            let places = (0..<2).map { Noise(seed: 3)("example")($0) }
            let pictures = Noise(seed: 4).uniform([2, 8, 8, 3]) * 2 - 1
            return system.phases[0].loss(Batch(media: pictures, captions: captions, places: places), 0).loss
        }
        let (told, other) = (loss(["a red circle", "a blue square"]), loss(["a blue circle", "a blue square"]))
        #expect(told.scalar != other.scalar)
        let projection = try #require(system.parameters().first { $0.name == "denoiser.text.weight" })
        #expect(projection.shape == [16, 32])
        #expect(gradients(of: told, wrt: [projection.value])[0].values.contains { $0 != 0 })
    }

    @Test func `an encoder that was changed after training is refused`() throws {
        defer { try? FileManager.default.removeItem(atPath: home) }
        let encoder = try BERTFolder()
        let section = try section(["kind": "text", "encoder": ["from": JSON(encoder.path)]])
        try ModelDirectory.write(try system(section), resolved: section.resolved, to: home + "/model")
        let other = try BERTFolder { ($0, $0 == "embeddings.LayerNorm.bias" ? $1 + 1 : $1) }
        try AtomicFile.write(
            try AtomicFile.read(other.path + "/model.safetensors"), to: home + "/model/text/model.safetensors")
        let error = #expect(throws: InputError.self) { try ModelDirectory.load(home + "/model") }
        #expect(error?.description.contains("condition.encoder.fingerprint") == true)
    }

    @Test func `mistakes in the section are named`() throws {
        defer { try? FileManager.default.removeItem(atPath: home) }
        let encoder = try BERTFolder()
        let from: JSON = ["from": JSON(encoder.path)]
        for (condition, named) in [
            (["kind": "text", "length": 17, "encoder": from], "condition.length"),
            (["kind": "text", "depth": 2, "encoder": from], "condition.depth"),
            (["kind": "text", "encoder": ["form": JSON(encoder.path)]], "condition.encoder.from"),
            (["kind": "text", "encoder": ["from": JSON(home)]], home + "/config.json"),
        ] as [(JSON, String)] {
            let error = #expect(throws: InputError.self) { _ = try system(try section(condition)) }
            #expect(error?.description.contains(named) == true, "\(error?.description ?? "nothing")")
        }
    }
}
