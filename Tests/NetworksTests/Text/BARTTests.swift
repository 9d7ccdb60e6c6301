import Networks
import TestKit
import Tensors
import Testing

@Suite struct BARTTests {
    let golden = Golden("bart")
    var ids: Tokens { golden.tokens("ids") }
    var mask: Tensor { golden.mask() }
    var inputs: Tokens { golden.tokens("inputs") }
    static let query = "model.decoder.layers.1.encoder_attn.q_proj.weight"

    @Test func `states and logits agree with transformers, padding and all`() throws {
        let folder = try PublishedModels.bart()
        let bart = try BART.load(folder.path)
        let states = bart.encode(ids, mask: mask)
        expectClose(states, golden["states"], relative: 1e-5, "states")
        #expect(bart.tokens.shifted(golden.tokens("targets")) == inputs)
        expectClose(bart(inputs, over: states, mask: mask), golden["logits"], relative: 1e-5, "logits")
    }

    @Test func `words are multiplied where the configuration says so`() throws {
        let folder = try PublishedModels.bart(changing: ["scale_embedding": true])
        expectClose(try BART.load(folder.path).encode(ids, mask: mask), golden["scaled"], relative: 1e-5)
    }

    @Test func `the loss and every gradient agree with transformers`() throws {
        let (folder, gradients) = (
            try PublishedModels.bart(), try PublishedModels.gradients("bart", PublishedModels.bartConfig)
        )
        let bart = try BART.load(folder.path)
        let loss = sentenceLoss(bart, ids, mask, golden.tokens("targets"))
        expectClose(loss, golden["loss"], relative: 1e-5, "loss")
        expectGradients(bart, loss, try BART.load(gradients.path))
    }

    @Test func `what lies under the mask changes nothing`() throws {
        let folder = try PublishedModels.bart()
        expectPaddingIsNothing(try BART.load(folder.path), ids, mask, targets: golden.tokens("targets"))
    }

    @Test func `steps say what the whole sentence says`() throws {
        let folder = try PublishedModels.bart()
        expectStepsAgree(try BART.load(folder.path), over: golden["states"], mask: mask, inputs: inputs)
    }

    @Test func `files without the prefix, and with shared words stored four times, are the same model`() throws {
        let words = golden["model.shared.weight"]
        let copies = ["encoder.embed_tokens.weight", "decoder.embed_tokens.weight"]
        let plain = try PublishedModels.bart()
        let expected = try BART.load(plain.path)(inputs, over: golden["states"], mask: mask)
        for prefix in ["model.", ""] {
            var extra = Dictionary(uniqueKeysWithValues: copies.map { (prefix + $0, words) })
            extra["lm_head.weight"] = words
            extra[prefix + "encoder.version"] = .ones([1])
            extra["classification_head.dense.weight"] = .ones([2, 2])
            let folder = try PublishedModels.bart(extra: extra) { name, value in
                (name.hasPrefix("model.") ? prefix + name.dropFirst(6) : name, value)
            }
            expectIdentical(try BART.load(folder.path)(inputs, over: golden["states"], mask: mask), expected)
        }
    }

    @Test func `without a bias of the output there is none`() throws {
        let folder = try PublishedModels.bart { $0 == "final_logits_bias" ? nil : ($0, $1) }
        let logits = try BART.load(folder.path)(inputs, over: golden["states"], mask: mask)
        expectClose(logits + golden["final_logits_bias"], golden["logits"], relative: 1e-5)
    }

    @Test(
        arguments: [
            ("model_type", "mbart", "model_type"), ("d_model", nil, "d_model"), ("d_model", 15, "encoder_attention_heads"),
            ("decoder_attention_heads", 5, "decoder_attention_heads"), ("encoder_layers", -1, "encoder_layers"),
            ("decoder_ffn_dim", 1e300, "decoder_ffn_dim"), ("activation_function", "mish", "activation_function"),
            ("scale_embedding", 1, "scale_embedding"), ("normalize_before", true, "normalize_before"),
            ("normalize_embedding", false, "normalize_embedding"), ("tie_word_embeddings", false, "tie_word_embeddings"),
            ("extra_pos_embeddings", 1, "extra_pos_embeddings"), ("eos_token_id", 40, "eos_token_id"),
            ("eos_token_id", [2, -1], "eos_token_id[1]"), ("decoder_start_token_id", "2", "decoder_start_token_id"),
        ] as [(String, JSON?, String)])
    func `a configuration it cannot be is refused by name`(key: String, value: JSON?, named: String) throws {
        let folder = try PublishedModels.bart(changing: [key: value])
        let error = try #require(throws: InputError.self) { try BART.load(folder.path) }
        #expect(error.description.hasPrefix(folder.path + "/config.json") && error.description.contains(named))
    }

    @Test func `a tensor that is missing, misshapen, unknown or no copy is named with its file`() throws {
        func complaint(_ folder: PublishedFolder) throws -> String {
            let error = try #require(throws: InputError.self) { try BART.load(folder.path) }
            #expect(error.description.hasPrefix(folder.path + "/model.safetensors"))
            return error.description
        }
        let missing = try complaint(try PublishedModels.bart { $0 == Self.query ? nil : ($0, $1) })
        #expect(missing.contains("\"\(Self.query)\" is missing"))
        let misshapen = try complaint(try PublishedModels.bart { ($0, $0 == Self.query ? $1.slice(1, 0..<15) : $1) })
        #expect(misshapen.contains("\"\(Self.query)\" does not fit") && misshapen.contains("[16, 16]"))
        #expect(misshapen.contains("[16, 15]"))
        let unknown = try complaint(try PublishedModels.bart(extra: ["model.encoder.layer_norm.weight": .ones([16])]))
        #expect(unknown.contains("model.encoder.layer_norm.weight") && unknown.contains("not part"))
        let copy = try complaint(try PublishedModels.bart(extra: ["lm_head.weight": .ones([40, 16])]))
        #expect(copy.contains("\"lm_head.weight\" is not what \"model.shared.weight\" is"))
        let bias = try complaint(try PublishedModels.bart { ($0, $0 == "final_logits_bias" ? $1.reshaped([40, 1]) : $1) })
        #expect(bias.contains("final_logits_bias"))
        // Would be 4 TiB of vectors, were the shapes not compared first.
        let huge = try complaint(try PublishedModels.bart(changing: ["vocab_size": 16_777_216, "d_model": 65_536]))
        #expect(huge.contains("model.shared.weight"))
    }

    @Test func `damaged configurations are errors, not crashes`() throws {
        let folder = try PublishedModels.bart()
        let config = try AtomicFile.read(folder.path + "/config.json")
        var dice = Dice(state: 11)
        for _ in 0..<500 {
            try AtomicFile.write(dice.damaged(config), to: folder.path + "/config.json")
            do { _ = try BART.load(folder.path) } catch { #expect(!error.description.isEmpty) }
        }
    }
}
