import Networks
import TestKit
import Tensors
import Testing

@Suite struct T5Tests {
    static let kinds = ["t5", "t5_gated"]

    @Test(arguments: kinds) func `states and logits agree with transformers, padding and all`(kind: String) throws {
        let (golden, folder) = (Golden(kind), try PublishedModels.t5(kind))
        let t5 = try T5.load(folder.path)
        let states = t5.encode(golden.tokens("ids"), mask: golden.mask())
        expectClose(states, golden["states"], relative: 1e-5, "states")
        let inputs = golden.tokens("inputs")
        #expect(t5.tokens.shifted(golden.tokens("targets")) == inputs)
        expectClose(t5(inputs, over: states, mask: golden.mask()), golden["logits"], relative: 1e-5, "logits")
    }

    @Test(arguments: kinds) func `the loss and every gradient agree with transformers`(kind: String) throws {
        let (golden, folder) = (Golden(kind), try PublishedModels.t5(kind))
        let changes = kind == "t5" ? [:] : PublishedModels.gated
        let wanted = try PublishedModels.gradients(kind, PublishedModels.t5Config, changing: changes)
        let t5 = try T5.load(folder.path)
        let loss = sentenceLoss(t5, golden.tokens("ids"), golden.mask(), golden.tokens("targets"))
        expectClose(loss, golden["loss"], relative: 1e-5, "loss")
        expectGradients(t5, loss, try T5.load(wanted.path))
    }

    @Test(arguments: kinds) func `what lies under the mask changes nothing`(kind: String) throws {
        let (golden, folder) = (Golden(kind), try PublishedModels.t5(kind))
        expectPaddingIsNothing(
            try T5.load(folder.path), golden.tokens("ids"), golden.mask(), targets: golden.tokens("targets"))
    }

    @Test(arguments: kinds) func `steps say what the whole sentence says`(kind: String) throws {
        let (golden, folder) = (Golden(kind), try PublishedModels.t5(kind))
        expectStepsAgree(
            try T5.load(folder.path), over: golden["states"], mask: golden.mask(), inputs: golden.tokens("inputs"))
    }

    @Test(
        arguments: [(true, 32, 128), (false, 32, 128), (true, 8, 12), (false, 8, 12), (false, 10, 64)] as [(Bool, Int, Int)])
    func `distances fall into transformers' buckets`(ahead: Bool, buckets: Int, reach: Int) {
        let expected = Golden("t5").tokens("buckets.\(ahead ? 1 : 0).\(buckets).\(reach)")
        let found = (-300...300).map {
            Int32(RelativePositions.bucket($0, of: buckets, reach: reach, looksAhead: ahead))
        }
        #expect(found == expected.values)
    }

    /// Newer files of v1.1 say that all is tied and name the scale; older ones say that nothing is.
    @Test func `an output of its own is found however it is announced`() throws {
        let golden = Golden("t5_gated")
        let newer: [String: JSON?] = [
            "feed_forward_proj": "gated-gelu", "tie_word_embeddings": true, "scale_decoder_outputs": false,
        ]
        let folder = try PublishedModels.t5("t5_gated", changing: newer)
        let logits = try T5.load(folder.path)(golden.tokens("inputs"), over: golden["states"], mask: golden.mask())
        expectClose(logits, golden["logits"], relative: 1e-5)
        // The same without an output of its own is tied and not scaled.
        let tied = try PublishedModels.t5("t5_gated", changing: newer) { $0 == "lm_head.weight" ? nil : ($0, $1) }
        let twice = try PublishedModels.t5("t5_gated", changing: newer) { name, value in
            (name, name == "lm_head.weight" ? golden["shared.weight"] : value)
        }
        for folder in [tied, twice] {
            let t5 = try T5.load(folder.path)
            #expect(!t5.configuration.hasOwnOutput && !t5.configuration.scalesOutput)
            let scaled = try PublishedModels.t5("t5_gated", changing: ["feed_forward_proj": "gated-gelu"]) {
                $0 == "lm_head.weight" ? nil : ($0, $1)
            }
            let (a, b) = (t5, try T5.load(scaled.path))
            let inputs = golden.tokens("inputs")
            expectClose(
                a(inputs, over: golden["states"], mask: golden.mask()),
                b(inputs, over: golden["states"], mask: golden.mask()) * 4, relative: 1e-5)
        }
    }

    @Test func `shards that an index lists are one model, and old leftovers are passed over`() throws {
        let golden = Golden("t5")
        let whole = try PublishedModels.t5(extra: [
            "encoder.embed_tokens.weight": golden["shared.weight"],
            "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight": .ones([8, 3]),
        ])
        let first = try PublishedModels.t5 { $0.hasPrefix("encoder.") ? ($0, $1) : nil }
        let second = try PublishedModels.t5 { $0.hasPrefix("encoder.") ? nil : ($0, $1) }
        let folder = TemporaryFolder()
        var map: [(key: String, value: JSON)] = []
        for (part, name) in [(first, "a.safetensors"), (second, "b.safetensors")] {
            let bytes = try AtomicFile.read(part.path + "/model.safetensors")
            try AtomicFile.write(bytes, to: folder.path + "/" + name)
            map += try SafetensorsFile(folder.path + "/" + name).entries.map { ($0.name, JSON(name)) }
        }
        let index = JSON.object([("weight_map", .object(map))])
        try AtomicFile.write(index.encoded(pretty: true), to: folder.path + "/model.safetensors.index.json")
        try AtomicFile.write(try AtomicFile.read(whole.path + "/config.json"), to: folder.path + "/config.json")
        let ids = golden.tokens("ids")
        expectIdentical(try T5.load(folder.path).encode(ids), try T5.load(whole.path).encode(ids))
    }

    @Test(
        arguments: [
            ("model_type", "umt5", "model_type"), ("d_kv", nil, "d_kv"), ("num_layers", 0, "num_layers"),
            ("num_heads", "3", "num_heads"), ("relative_attention_num_buckets", 2, "relative_attention_num_buckets"),
            ("relative_attention_max_distance", 4, "relative_attention_max_distance"),
            ("layer_norm_epsilon", 0.0, "layer_norm_epsilon"), ("feed_forward_proj", "gated-mish", "feed_forward_proj"),
            ("is_encoder_decoder", false, "is_encoder_decoder"), ("pad_token_id", 40, "pad_token_id"),
        ] as [(String, JSON?, String)])
    func `a configuration it cannot be is refused by name`(key: String, value: JSON?, named: String) throws {
        let folder = try PublishedModels.t5(changing: [key: value])
        let error = try #require(throws: InputError.self) { try T5.load(folder.path) }
        #expect(error.description.hasPrefix(folder.path + "/config.json") && error.description.contains(named))
    }

    @Test func `a tensor that is missing, misshapen, unknown or no copy is named with its file`() throws {
        func complaint(_ folder: PublishedFolder) throws -> String {
            let error = try #require(throws: InputError.self) { try T5.load(folder.path) }
            #expect(error.description.hasPrefix(folder.path + "/model.safetensors"))
            return error.description
        }
        let key = "decoder.block.1.layer.1.EncDecAttention.k.weight"
        #expect(try complaint(try PublishedModels.t5 { $0 == key ? nil : ($0, $1) }).contains("\"\(key)\" is missing"))
        let misshapen = try complaint(try PublishedModels.t5(changing: ["d_kv": 8]))
        #expect(misshapen.contains("SelfAttention.q.weight") && misshapen.contains("[24, 16]"))
        let unknown = try complaint(try PublishedModels.t5(changing: ["num_decoder_layers": 1]))
        #expect(unknown.contains("decoder.block.1.") && unknown.contains("not part"))
        // An output that is said to be tied and is not.
        let copy = try complaint(try PublishedModels.t5(extra: ["lm_head.weight": .ones([40, 16])]))
        #expect(copy.contains("\"lm_head.weight\" is not what \"shared.weight\" is"))
        let own = try complaint(try PublishedModels.t5(changing: ["tie_word_embeddings": false]))
        #expect(own.contains("\"lm_head.weight\" is missing"))
        let huge = try complaint(try PublishedModels.t5(changing: ["vocab_size": 16_777_216, "d_model": 65_536]))
        #expect(huge.contains("shared.weight"))
    }

    @Test func `damaged configurations are errors, not crashes`() throws {
        let folder = try PublishedModels.t5()
        let config = try AtomicFile.read(folder.path + "/config.json")
        var dice = Dice(state: 12)
        for _ in 0..<500 {
            try AtomicFile.write(dice.damaged(config), to: folder.path + "/config.json")
            do { _ = try T5.load(folder.path) } catch { #expect(!error.description.isEmpty) }
        }
    }
}
