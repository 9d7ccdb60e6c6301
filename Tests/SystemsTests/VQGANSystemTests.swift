import Codecs
import Foundation
import Networks
import Systems
import Tensors
import TestKit
import Testing

/// Codec systems with a quantizer: what their sections say, and what a model directory of a VQGAN holds.
@Suite struct VQGANSystemTests {
    let home = FileManager.default.temporaryDirectory.path + "/vqgan-" + UUID().uuidString

    /// `codec` of a small system, with more keys.
    func section(_ system: String, _ more: [(key: String, value: JSON)] = []) throws -> Section {
        let codec: [(key: String, value: JSON)] = [
            ("size", [16, 16]), ("channels", 8), ("multipliers", [1, 2]), ("blocks", 1), ("latent_channels", 3), ("groups", 4),
        ]
        let own = codec.filter { entry in !more.contains { $0.key == entry.key } }
        let whole = JSON.object([("system", JSON(system)), ("codec", .object(own + more))])
        return try Section(ConfigurationValue(whole, file: home + "/experiment.json"))
    }

    func build(_ section: Section) throws -> any CodecSystem {
        let system = try #require(try Catalogue.system(section).init(section, Surroundings()) as? any CodecSystem)
        try section.finish()
        system.module.initialize(Noise(seed: 1))
        return system
    }

    /// Section `discriminator`, small enough for the pictures.
    func judge(_ more: [(key: String, value: JSON)] = []) -> (key: String, value: JSON) {
        let usual: [(key: String, value: JSON)] = [("channels", 4), ("layers", 2)]
        return ("discriminator", .object(usual.filter { own in !more.contains { $0.key == own.key } } + more))
    }

    /// A folder with the weights that `Tests/Goldens/lpips.py` made.
    func vgg() throws -> String {
        try FileManager.default.createDirectory(atPath: home + "/vgg", withIntermediateDirectories: true)
        try AtomicFile.write(try AtomicFile.read(Goldens.path("lpips.safetensors")), to: home + "/vgg/vgg16.safetensors")
        return home + "/vgg"
    }

    let pictures = Noise(seed: 4).uniform([5, 16, 16, 3]) * 2 - 1

    func tokens(_ system: any System) -> Tokens? {
        guard let codec = (system as? any CodecSystem)?.codec,
            case .tokens(let tokens) = withoutGradients({ codec.encode(pictures) })
        else { return nil }
        return tokens
    }

    @Test func `a model directory holds the autoencoder, and needs neither judge nor perceptual network`() throws {
        defer { try? FileManager.default.removeItem(atPath: home) }
        let network: JSON = ["from": JSON(try vgg())]
        let section = try section(
            "vqgan",
            [
                judge(), ("codes", 20), ("prune", true),
                ("loss", ["l2": 0.5, "perceptual": ["weight": 0.3, "network": network]]),
            ])
        let system = try build(section)
        #expect(system.phases.map(\.name) == ["codec", "discriminator"])
        system.prepare(with: Batch(media: pictures, places: [Noise(seed: 2)]))
        system.finish(over: [pictures.slice(0, 0..<1)])
        guard case .tokens(let codes) = system.codec.latents.kind else { return }
        #expect(codes > 1 && codes < 20)
        // A checkpoint holds the judge too, and no perceptual network.
        try Weights.write(system.module, to: home + "/checkpoint.safetensors")
        let again = try build(try self.section("vqgan", [judge(), ("codes", 20), ("prune", true)]))
        try Weights.read(into: again.module, from: home + "/checkpoint.safetensors")
        #expect(tokens(again) == tokens(system))

        try ModelDirectory.write(system, resolved: section.resolved, to: home + "/model")
        try FileManager.default.removeItem(atPath: home + "/vgg")
        let text = try AtomicFile.readText(home + "/model/config.json")
        #expect(!text.contains("discriminator") && !text.contains("perceptual") && text.contains("\"l2\": 0.5"))
        let names = try SafetensorsFile(home + "/model/model.safetensors").entries.map(\.name)
        #expect(names.contains("encoder.input.weight") && names.contains("quantizer.remap"))
        #expect(!names.contains { $0.contains("layers.") })
        let loaded = try ModelDirectory.load(home + "/model")
        let codec = try #require(loaded.system as? any CodecSystem).codec
        #expect(codec.latents == system.codec.latents)
        let found = try #require(tokens(loaded.system))
        #expect(found == tokens(system))
        let decoded = withoutGradients { (codec.decode(.tokens(found)), system.codec.decode(.tokens(found))) }
        expectIdentical(decoded.0, decoded.1)
        try ModelDirectory.write(loaded.system, resolved: loaded.configuration, to: home + "/again")
        #expect(try ModelDirectory.fingerprint(home + "/again") == loaded.fingerprint)
    }

    @Test func `a VQ-VAE can be where a VQGAN starts`() throws {
        defer { try? FileManager.default.removeItem(atPath: home) }
        let section = try section("vq-vae")
        let (plain, sharp) = (try build(section), try build(try self.section("vqgan", [judge()])))
        plain.prepare(with: Batch(media: pictures, places: [Noise(seed: 2)]))
        try ModelDirectory.write(plain, resolved: section.resolved, to: home + "/model")
        try Weights.read(into: sharp.model, from: home + "/model/model.safetensors")
        #expect(tokens(sharp) == tokens(plain))
    }

    @Test(arguments: ["vq-vae", "vqgan"]) func `the quantizer is chosen by name, with keys of its own`(_ system: String) throws {
        for (more, codes, width) in [
            ([], 512, 3), ([("codes", 40), ("code_width", 5)], 40, 5),
            ([("quantizer", "gumbel"), ("codes", 30), ("annealing", 7), ("kl_weight", 0)], 30, 3),
            ([("quantizer", "fsq"), ("levels", [5, 4, 3, 2])], 120, 4), ([("quantizer", "fsq"), ("prune", true)], 512, 3),
        ] as [([(key: String, value: JSON)], Int, Int)] {
            let made = try build(try section(system, more + (system == "vqgan" ? [judge()] : [])))
            #expect(made.codec.latents.kind == .tokens(codes: codes), "\(more)")
            #expect(made.codec.latents.shape == [8, 8])
            let quantConv = try #require(made.model.parameters().first { $0.name == "quantConv.weight" })
            #expect(quantConv.shape == [width, 3], "\(more)")
            #expect(tokens(made)?.shape == [5, 8, 8])
        }
    }

    @Test func `mistakes in the section are named`() throws {
        defer { try? FileManager.default.removeItem(atPath: home) }
        let folder = try vgg()
        let plain = try section("vq-vae")
        try ModelDirectory.write(try build(plain), resolved: plain.resolved, to: home + "/codec")
        func judged(_ key: String, _ value: JSON) -> [(key: String, value: JSON)] { [judge([(key, value)])] }
        func seen(_ key: String, _ value: JSON, media: Int = 3) -> [(key: String, value: JSON)] {
            [("media_channels", JSON(media)), ("loss", ["perceptual": .object([(key, value)])])]
        }
        for (more, words) in [
            ([("quantizer", "fqs")], ["codec.quantizer", "'fqs'", "'fsq'"]),
            ([("quantizer", "fsq"), ("codes", 4)], ["codec.codes", "unknown"]),
            ([("quantizer", "fsq"), ("levels", [4, 1])], ["codec.levels"]),
            ([("quantizer", "fsq"), ("levels", [1024, 1024, 1024])], ["levels", "1048576"]),
            ([("quantizer", "fsq"), ("code_width", 4)], ["codec.code_width", "unknown"]),
            ([("quantizer", "gumbel"), ("beta", 1)], ["codec.beta", "unknown"]),
            ([("quantizer", "gumbel"), ("temperature", 0)], ["codec.temperature"]),
            ([("quantizer", "gumbel"), ("final_temperature", "cold")], ["codec.final_temperature"]),
            ([("quantizer", "gumbel"), ("annealing", -1)], ["codec.annealing"]),
            ([("quantizer", "gumbel"), ("kl_weight", -1)], ["codec.kl_weight"]),
            ([("prune", 3)], ["codec.prune", "true or false"]), ([("levels", [4])], ["codec.levels", "unknown"]),
            (judged("channels", 0), ["codec.discriminator.channels"]),
            (judged("layers", 4), ["codec.discriminator.layers", "16x16"]),
            (judged("norm", "batch"), ["codec.discriminator.norm", "group, none"]),
            (judged("loss", "hing"), ["codec.discriminator.loss", "'hinge'"]),
            (judged("augment", ["colour"]), ["codec.discriminator.augment", "'color'"]),
            (judged("start", -1), ["codec.discriminator.start"]), (judged("warmup", 0.5), ["codec.discriminator.warmup"]),
            (judged("weight", -1), ["codec.discriminator.weight"]), (judged("cap", -1), ["codec.discriminator.cap"]),
            (judged("caps", 1), ["codec.discriminator.caps", "'cap'"]),
            (seen("weight", -1), ["codec.loss.perceptual.weight"]),
            (seen("weight", 1), ["codec.loss.perceptual.network.from", "missing"]),
            (seen("network", ["from": JSON(home + "/nowhere")]), [home + "/nowhere"]),
            (seen("network", ["from": JSON(home + "/codec")]), ["codec.loss.perceptual.network.from", "vq-vae"]),
            (seen("network", ["from": JSON(folder)], media: 1), ["codec.loss.perceptual.network.from", "1 channels"]),
            (seen("network", ["from": JSON(folder)]) + [("size", [8, 24])], ["codec.loss.perceptual.network.from", "16"]),
        ] as [([(key: String, value: JSON)], [String])] {
            let whole = more.contains { $0.key == "discriminator" } ? more : more + [judge()]
            let error = #expect(throws: InputError.self, "\(more)") { _ = try build(try section("vqgan", whole)) }
            for word in words { #expect(error?.description.contains(word) == true, "\(error?.description ?? "nothing")") }
        }
    }
}
