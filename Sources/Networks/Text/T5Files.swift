import Tensors

/// Shape of a T5, as a published `config.json` states it.
public struct T5Configuration: Sendable, Equatable {
    public var vocabulary = 32_128
    public var width = 512
    public var encoderDepth = 6, decoderDepth = 6
    public var heads = 8
    /// K of each head; heads need not share the width out.
    public var headWidth = 64
    /// Width of the feed-forward layers.
    public var hidden = 2048
    public var activation: Activation = .relu
    public var isGated = false
    /// Kinds of distance that heads tell apart, and the distance from which on all are one.
    public var buckets = 32, reach = 128
    public var eps: Float = 1e-6
    /// Logits come of a layer of their own instead of the words.
    public var hasOwnOutput = false
    /// States are divided by √D before the output.
    public var scalesOutput = true
    public var tokens = SpecialTokens(start: 0, ends: [1], padding: 0)

    public init() {}

    /// Reads a published `config.json`; what this network cannot do is refused, never passed over.
    public init(_ json: JSONField) throws(InputError) {
        _ = try json.field("model_type").string(oneOf: ["t5"])
        vocabulary = try json.field("vocab_size").int(in: 1...1 << 24)
        width = try json.field("d_model").int(in: 1...65_536)
        headWidth = try json.field("d_kv").int(in: 1...65_536)
        hidden = try json.field("d_ff").int(in: 1...1 << 20)
        encoderDepth = try json.field("num_layers").int(in: 1...1000)
        decoderDepth = try json.optional("num_decoder_layers")?.int(in: 1...1000) ?? encoderDepth
        heads = try json.field("num_heads").int(in: 1...4096)
        buckets = try json.field("relative_attention_num_buckets").int(in: 4...65_536)
        if let field = try json.optional("relative_attention_max_distance") {
            reach = try field.int(in: 1...1 << 24)
        }
        guard reach > buckets / 2 else {
            throw json.error("relative_attention_max_distance, \(reach), is within the distances that have buckets of their own")
        }
        if let field = try json.optional("layer_norm_epsilon") {
            eps = Float(try field.number())
            guard eps > 0, eps < 1 else { throw field.mismatch("a number above 0 and below 1") }
        }
        if let field = try json.optional("feed_forward_proj") {
            let kinds: [String: (Activation, Bool)] = [
                "relu": (.relu, false), "gelu": (.geluErf, false), "gelu_new": (.gelu, false), "silu": (.silu, false),
                "gated-gelu": (.gelu, true), "gated-relu": (.relu, true), "gated-silu": (.silu, true),
            ]
            (activation, isGated) = kinds[try field.string(oneOf: kinds.keys.sorted())]!
        }
        // v1.1 and FLAN say that they do not tie, and mean that they do not scale either; newer files say so in a word of its own.
        hasOwnOutput = try json.optional("tie_word_embeddings")?.bool() == false
        scalesOutput = try json.optional("scale_decoder_outputs")?.bool() ?? !hasOwnOutput
        if let field = try json.optional("is_encoder_decoder"), try !field.bool() {
            throw field.mismatch("true, as T5 has both halves")
        }
        try tokens.read(json, vocabulary: vocabulary)
    }
}

extension T5 {
    /// Reads a folder as Hugging Face publishes it: `config.json` and `model.safetensors`, or the shards that an index lists.
    public static func load(_ folder: String) throws(InputError) -> T5 {
        let place = folder + "/config.json"
        var configuration = try T5Configuration(JSONField(try JSON.read(place), in: place))
        let model = try SafetensorsModel(published: folder)
        // Newer files of v1.1 say that all is tied, and store an output that is not.
        if !configuration.scalesOutput, try model.differs("lm_head.weight", from: "shared.weight") {
            configuration.hasOwnOutput = true
        }
        let values = try PublishedNames(configuration).values(in: model) { name in
            name == "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"  // of old files, never used
        }
        let t5 = T5(configuration)
        t5.take(values)
        return t5
    }
}

extension PublishedNames {
    /// The names that published T5 files give to the parts of ours.
    fileprivate init(_ c: T5Configuration) {
        self.init()
        add("shared.weight", [c.vocabulary, c.width], "shared.weight")
        for half in ["encoder", "decoder"] {
            addCopy("\(half).embed_tokens.weight", of: "shared.weight")
            let decodes = half == "decoder"
            for i in 0..<(decodes ? c.decoderDepth : c.encoderDepth) {
                let (theirs, ours) = ("\(half).block.\(i).layer", "\(half).blocks.\(i)")
                addAttention("\(theirs).0.SelfAttention", c, "\(ours).selfAttention")
                addNorm("\(theirs).0.layer_norm", c.width, "\(ours).selfNorm", bias: false)
                if decodes {
                    addAttention("\(theirs).1.EncDecAttention", c, "\(ours).crossAttention")
                    addNorm("\(theirs).1.layer_norm", c.width, "\(ours).crossNorm", bias: false)
                }
                let last = "\(theirs).\(decodes ? 2 : 1)"
                let wi = c.isGated ? [("wi_0", "gate"), ("wi_1", "up")] : [("wi", "up")]
                for (name, own) in wi {
                    addLinear("\(last).DenseReluDense.\(name)", c.width, c.hidden, "\(ours).feedForward.\(own)", bias: false)
                }
                addLinear("\(last).DenseReluDense.wo", c.hidden, c.width, "\(ours).feedForward.down", bias: false)
                addNorm("\(last).layer_norm", c.width, "\(ours).feedForwardNorm", bias: false)
            }
            add(
                "\(half).block.0.layer.0.SelfAttention.relative_attention_bias.weight", [c.buckets, c.heads],
                "\(half).distances.favour.weight")
            addNorm("\(half).final_layer_norm", c.width, "\(half).norm", bias: false)
        }
        if c.hasOwnOutput {
            addLinear("lm_head", c.width, c.vocabulary, "output", bias: false)
        } else {
            addCopy("lm_head.weight", of: "shared.weight")
        }
    }

    private mutating func addAttention(_ theirs: String, _ c: T5Configuration, _ ours: String) {
        let inner = c.heads * c.headWidth
        for (name, own) in [("q", "query"), ("k", "keyValue"), ("v", "keyValue")] {
            addLinear("\(theirs).\(name)", c.width, inner, "\(ours).\(own)", bias: false)
        }
        addLinear("\(theirs).o", inner, c.width, "\(ours).output", bias: false)
    }
}
