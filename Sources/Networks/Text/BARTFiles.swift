import Tensors

/// Shape of a BART, as a published `config.json` states it.
public struct BARTConfiguration: Sendable, Equatable {
    public var vocabulary = 50_265
    public var width = 768
    public var encoderDepth = 6, decoderDepth = 6
    public var encoderHeads = 12, decoderHeads = 12
    /// Widths of the feed-forward layers.
    public var encoderHidden = 3072, decoderHidden = 3072
    /// The longest text.
    public var positions = 1024
    public var activation: Activation = .geluErf
    /// Words are multiplied by √D.
    public var scalesEmbedding = false
    public var tokens = SpecialTokens(start: 2, ends: [2], padding: 1)

    public init() {}

    /// Reads a published `config.json`; what this network cannot do is refused, never passed over.
    public init(_ json: JSONField) throws(InputError) {
        _ = try json.field("model_type").string(oneOf: ["bart"])
        vocabulary = try json.field("vocab_size").int(in: 1...1 << 24)
        width = try json.field("d_model").int(in: 1...65_536)
        (encoderDepth, encoderHeads, encoderHidden) = try Self.half("encoder", json, width)
        (decoderDepth, decoderHeads, decoderHidden) = try Self.half("decoder", json, width)
        positions = try json.field("max_position_embeddings").int(in: 1...1 << 20)
        if let field = try json.optional("activation_function") { activation = try Activation(published: field) }
        scalesEmbedding = try json.optional("scale_embedding")?.bool() ?? false
        // mBART's and others' ways of being put together, which old files of BART mention too.
        for (key, wanted) in [
            ("normalize_before", false), ("add_final_layer_norm", false), ("static_position_embeddings", false),
            ("normalize_embedding", true), ("tie_word_embeddings", true), ("is_encoder_decoder", true),
        ] {
            if let field = try json.optional(key), try field.bool() != wanted {
                throw field.mismatch("\(wanted), as BART has it")
            }
        }
        let offset = BARTPositions.offset
        if let field = try json.optional("extra_pos_embeddings") { _ = try field.int(in: offset...offset) }
        try tokens.read(json, vocabulary: vocabulary)
    }

    private static func half(_ name: String, _ json: JSONField, _ width: Int) throws(InputError) -> (Int, Int, Int) {
        let heads = try json.field(name + "_attention_heads")
        let count = try heads.int(in: 1...4096)
        guard width % count == 0 else { throw heads.mismatch("a divisor of d_model, \(width)") }
        let hidden = try json.field(name + "_ffn_dim").int(in: 1...1 << 20)
        return (try json.field(name + "_layers").int(in: 0...1000), count, hidden)
    }
}

extension BART {
    /// Reads a folder as Hugging Face publishes it: `config.json` and `model.safetensors`, the names with `model.` before them or without.
    ///
    /// Heads for classification are passed over.
    public static func load(_ folder: String) throws(InputError) -> BART {
        let place = folder + "/config.json"
        let configuration = try BARTConfiguration(JSONField(try JSON.read(place), in: place))
        let model = try SafetensorsModel(published: folder)
        let prefix = model.entries.contains { $0.name.hasPrefix("model.") } ? "model." : ""
        let bias = "final_logits_bias"
        var names = PublishedNames(configuration, prefix: prefix)
        if model[bias] != nil { names.add(bias, [1, configuration.vocabulary], bias) }
        var values = try names.values(in: model) { name in
            name.hasPrefix("classification_head.") || ["encoder.version", "decoder.version"].contains { name == prefix + $0 }
        }
        let bart = BART(configuration)
        if let bias = values.removeValue(forKey: bias) { bart.outputBias.value = bias.reshaped([configuration.vocabulary]) }
        bart.take(values)
        return bart
    }
}

extension PublishedNames {
    /// The names that published BART files give to the parts of ours.
    fileprivate init(_ c: BARTConfiguration, prefix: String) {
        self.init()
        let D = c.width
        add(prefix + "shared.weight", [c.vocabulary, D], "shared.weight")
        for copy in [prefix + "encoder.embed_tokens.weight", prefix + "decoder.embed_tokens.weight", "lm_head.weight"] {
            addCopy(copy, of: prefix + "shared.weight")
        }
        for half in ["encoder", "decoder"] {
            let positions = [c.positions + BARTPositions.offset, D]
            add("\(prefix)\(half).embed_positions.weight", positions, "\(half).embedding.positions.weight")
            addNorm("\(prefix)\(half).layernorm_embedding", D, "\(half).embedding.norm")
        }
        for i in 0..<c.encoderDepth {
            let (theirs, ours) = ("\(prefix)encoder.layers.\(i)", "encoder.blocks.\(i)")
            addSelfAttention("\(theirs).self_attn", D, "\(ours).attention")
            addNorm("\(theirs).self_attn_layer_norm", D, "\(ours).attentionNorm")
            addFeedForward(theirs, D, c.encoderHidden, ours)
        }
        for i in 0..<c.decoderDepth {
            let (theirs, ours) = ("\(prefix)decoder.layers.\(i)", "decoder.blocks.\(i)")
            addSelfAttention("\(theirs).self_attn", D, "\(ours).selfAttention")
            addNorm("\(theirs).self_attn_layer_norm", D, "\(ours).selfNorm")
            addLinear("\(theirs).encoder_attn.q_proj", D, D, "\(ours).crossAttention.query")
            for name in ["k_proj", "v_proj"] {
                addLinear("\(theirs).encoder_attn.\(name)", D, D, "\(ours).crossAttention.keyValue")
            }
            addLinear("\(theirs).encoder_attn.out_proj", D, D, "\(ours).crossAttention.output")
            addNorm("\(theirs).encoder_attn_layer_norm", D, "\(ours).crossNorm")
            addFeedForward(theirs, D, c.decoderHidden, ours)
        }
    }

    private mutating func addSelfAttention(_ theirs: String, _ D: Int, _ ours: String) {
        for name in ["q_proj", "k_proj", "v_proj"] { addLinear("\(theirs).\(name)", D, D, "\(ours).queryKeyValue") }
        addLinear("\(theirs).out_proj", D, D, "\(ours).output")
    }

    private mutating func addFeedForward(_ theirs: String, _ D: Int, _ hidden: Int, _ ours: String) {
        addLinear("\(theirs).fc1", D, hidden, "\(ours).feedForward.up")
        addLinear("\(theirs).fc2", hidden, D, "\(ours).feedForward.down")
        addNorm("\(theirs).final_layer_norm", D, "\(ours).feedForwardNorm")
    }
}
