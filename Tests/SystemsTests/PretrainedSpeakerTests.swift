import Foundation
import Media
import Networks
import Systems
import Tensors
import TestKit
import Testing
import Training

/// A codec of sentences over a published encoder-decoder that stays as it is (LD4LG's first and second version).
@Suite struct PretrainedSpeakerTests {
    private static func folder(_ name: String) throws -> PublishedFolder {
        let isBART = name == "bart"
        let folder = isBART ? try PublishedModels.bart() : try PublishedModels.t5()
        try PublishedModels.writeTokenizer(
            (isBART ? ["<s>"] : []) + ["<pad>", "</s>", "<unk>"], marks: (isBART ? ["<s>"] : []) + ["$A", "</s>"], to: folder.path
        )
        return folder
    }

    private static func system(_ folder: String, _ more: [String: JSON]) throws -> SentenceCodecSystem {
        var keys: [String: JSON] = ["network": ["from": JSON(folder)], "length": 12, "heads": 2]
        keys.merge(more) { $1 }
        let codec = JSON.object(keys.sorted { $0.key < $1.key }.map { (key: $0, value: $1) })
        return try SentenceCodecSystem(
            Section(ConfigurationValue(["codec": codec], file: "/codec.yaml")), Surroundings())
    }

    private static let perceiver: [String: JSON] = ["latents": "perceiver", "count": 3, "latent_width": 4, "perceiver_depth": 1]

    private static let sentences = ["w3 w7 w7 w1", "w20", "w5 w9 w30 w2 w2 w2 w8"]

    private static func tokens(_ system: SentenceCodecSystem) -> (form: TextForm, tokens: Tokens) {
        guard case .text(let form) = system.form else { fatalError("a codec of sentences") }
        return (form, form.tokens(sentences))
    }

    private static func rows(_ tokens: Tokens) -> [ArraySlice<Int32>] {
        stride(from: 0, to: tokens.count, by: 12).map { tokens.values[$0..<$0 + 12] }
    }

    @Test(arguments: ["bart", "t5"]) func `texts are marked as the network's own tokenizer marks them`(name: String) throws {
        let folder = try Self.folder(name)
        let (form, tokens) = Self.tokens(try Self.system(folder.path, ["latents": "states"]))
        let tokenizer = try Tokenizers.load(folder.path)
        for (i, sentence) in Self.sentences.enumerated() {
            let whole = tokenizer.encode(sentence, wrapped: true, limit: nil)
            #expect(Array(tokens.values[i * 12..<i * 12 + whole.count]) == whole && form.count(sentence) == whole.count)
        }
        #expect(form.texts(tokens) == Self.sentences)
        // What does not fit loses its end, never its marks.
        let long = form.tokens([[String](repeating: "w4", count: 30).joined(separator: " ")])
        #expect(long.values.last == form.end && (form.beginning == nil || long.values.first == form.beginning))
    }

    /// P5's first check: what normalisation takes away comes back, so that decoding is the network's own.
    @Test(arguments: ["bart", "t5"]) func `states there and back are the network's own, said as it says them`(name: String) throws
    {
        let folder = try Self.folder(name)
        let system = try Self.system(folder.path, ["latents": "states"])
        let (form, tokens) = Self.tokens(system)
        let media = TextForm.media(tokens)
        system.finish(over: [media])
        let network: any EncoderDecoder = name == "bart" ? try BART.load(folder.path) : try T5.load(folder.path)
        let special =
            (network as? BART)?.configuration.tokens ?? (network as! T5).configuration.tokens
        let mask = form.mask(tokens)
        func plain(_ network: some EncoderDecoder) -> [[Int32]] {
            let rules = DecodingRules(
                special, length: 12, processors: form.beginning.map { [ForcedToken.first($0)] } ?? [])
            return GreedySearch(rules)(network, over: withoutGradients { network.encode(tokens, mask: mask) }, mask: mask)
                .map(\.tokens)
        }
        let latents = withoutGradients { system.codec.encode(media) }
        guard case .moments(let mean, _) = latents else { fatalError("real latents") }
        #expect(mean.shape == [3, 12, 1, 16])
        let spread = mean.square().sum().scalar / Float(tokens.values.count { $0 != form.padding } * 16)
        expectClose(Tensor(spread), Tensor(1), relative: 1e-4)
        #expect(TextForm.tokens(system.codec.decode(latents)) == form.padded(plain(network)))
        #expect(system.phases.isEmpty && system.module.parameters().isEmpty)
    }

    @Test func `beams and rules change what is said`() throws {
        let folder = try Self.folder("bart")
        func said(_ decoding: JSON) throws -> Tokens {
            let system = try Self.system(folder.path, ["latents": "states", "decoding": decoding])
            let media = TextForm.media(Self.tokens(system).tokens)
            system.finish(over: [media])
            return TextForm.tokens(system.codec.decode(withoutGradients { system.codec.encode(media) }))
        }
        let (plain, long) = (try said([:]), try said(["shortest": 10]))
        #expect(Self.rows(long).allSatisfy { !$0.prefix(10).contains(2) }, "an end too early: \(long)")
        let once = try said(["shortest": 10, "no_repeat": 1])
        for row in Self.rows(once) {
            let words = row.prefix { $0 != 2 }
            #expect(Set(words).count == words.count, "\(row)")
        }
        #expect(try once != long && said(["beams": 3, "shortest": 4]) != plain)
    }

    @Test func `only the compressor and its inverse learn, and a copy is the same codec`() throws {
        let folder = try Self.folder("bart")
        let system = try Self.system(folder.path, Self.perceiver)
        system.module.initialize(Noise(seed: 1))
        let media = TextForm.media(Self.tokens(system).tokens)
        let phase = try #require(system.phases.first)
        #expect(phase.parameters.allSatisfy { $0.name.contains("ressor") || $0.name.contains("constructor") })
        let batch = Batch(media: media, captions: Self.sentences, places: (0..<3).map { Noise(seed: 2)($0) })
        let loss = phase.loss(batch, 0).loss
        let slopes = gradients(of: loss, wrt: phase.parameters.map(\.value))
        #expect(slopes.allSatisfy { $0.values.allSatisfy(\.isFinite) })
        #expect(slopes.count { $0.values.contains { $0 != 0 } } > slopes.count / 2)
        let target = FileManager.default.temporaryDirectory.path + "/speaker-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: target) }
        try Folder.create(target)
        try system.writeParts(to: target)
        for name in ["config.json", "model.safetensors", "tokenizer.json"] {
            #expect(FileManager.default.fileExists(atPath: target + "/text/" + name))
        }
        let copied = try Self.system(target + "/text", Self.perceiver)
        copied.module.initialize(Noise(seed: 1))
        guard case .moments(let mine, _) = withoutGradients({ system.codec.encode(media) }),
            case .moments(let theirs, _) = withoutGradients({ copied.codec.encode(media) })
        else { fatalError("real latents") }
        expectIdentical(theirs, mine)
    }

    @Test func `a network or a tokenizer that does not fit is refused by name`() throws {
        let bart = try Self.folder("bart")
        try PublishedModels.writeTokenizer(["<s>", "<pad>", "</s>", "<unk>"], marks: ["$A"], to: bart.path)
        let unmarked = try #require(throws: InputError.self) { try Self.system(bart.path, [:]) }
        #expect(unmarked.description.contains("tokenizer.json") && unmarked.description.contains("[2]"))
        let bert = try BERTFolder()
        let wrong = try #require(throws: InputError.self) { try Self.system(bert.path, [:]) }
        #expect(wrong.description.contains("model_type") && wrong.description.contains("bart"))
        let t5 = try Self.folder("t5")
        let heads = try #require(throws: InputError.self) { try Self.system(t5.path, ["heads": 5]) }
        #expect(heads.description.contains("codec.heads"))
    }
}
