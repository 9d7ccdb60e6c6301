import Tensors
import Testing

/// The encoder-decoders of `seq2seq.py`, and what transformers says of them.
public enum PublishedModels {
    public static let bartConfig: [(key: String, value: JSON)] = [
        ("model_type", "bart"), ("vocab_size", 40), ("d_model", 16), ("encoder_layers", 2), ("decoder_layers", 2),
        ("encoder_attention_heads", 2), ("decoder_attention_heads", 4), ("encoder_ffn_dim", 24), ("decoder_ffn_dim", 20),
        ("max_position_embeddings", 24), ("activation_function", "gelu"), ("scale_embedding", false), ("pad_token_id", 1),
        ("bos_token_id", 0), ("eos_token_id", 2), ("decoder_start_token_id", 2), ("tie_word_embeddings", true),
    ]
    public static let t5Config: [(key: String, value: JSON)] = [
        ("model_type", "t5"), ("vocab_size", 40), ("d_model", 16), ("d_kv", 6), ("d_ff", 20), ("num_layers", 2),
        ("num_decoder_layers", 2), ("num_heads", 3), ("relative_attention_num_buckets", 8),
        ("relative_attention_max_distance", 12), ("layer_norm_epsilon", 1e-6), ("feed_forward_proj", "relu"),
        ("pad_token_id", 0), ("eos_token_id", 1), ("decoder_start_token_id", 0),
    ]
    public static let gated: [String: JSON?] = ["feed_forward_proj": "gated-gelu", "tie_word_embeddings": false]

    /// Names of the weights among a golden's.
    public static func isWeight(_ name: String) -> Bool {
        ["model.", "final_logits_bias", "shared.", "encoder.", "decoder.", "lm_head."].contains(where: name.hasPrefix)
    }

    public static func bart(
        changing changes: [String: JSON?] = [:], extra: [String: Tensor] = [:],
        tensor: (String, Tensor) -> (name: String, value: Tensor)? = { ($0, $1) }
    ) throws -> PublishedFolder {
        try PublishedFolder(
            Golden("bart"), config: bartConfig, changing: changes, extra: extra, weights: { isWeight($0) ? $0 : nil },
            tensor: tensor)
    }

    public static func t5(
        _ name: String = "t5", changing changes: [String: JSON?]? = nil, extra: [String: Tensor] = [:],
        tensor: (String, Tensor) -> (name: String, value: Tensor)? = { ($0, $1) }
    ) throws -> PublishedFolder {
        try PublishedFolder(
            Golden(name), config: t5Config, changing: changes ?? (name == "t5" ? [:] : gated), extra: extra,
            weights: { isWeight($0) ? $0 : nil }, tensor: tensor)
    }

    /// The forty tokens of either as a `tokenizer.json` of words, which puts `marks` around a text: `<s> $A </s>`, say.
    ///
    /// - Parameter specials: the first tokens, by their places.
    public static func writeTokenizer(_ specials: [String], marks: [String], to folder: String) throws {
        let names = specials + (0..<40 - specials.count).map { "w\($0)" }
        let unknown = try #require(specials.first { $0 == "<unk>" })
        let definition: JSON = [
            "version": "1.0", "truncation": nil, "padding": nil,
            "added_tokens": .array(
                specials.enumerated().map { id, content in
                    [
                        "id": JSON(id), "content": JSON(content), "single_word": false, "lstrip": false, "rstrip": false,
                        "normalized": false, "special": true,
                    ]
                }),
            "normalizer": nil, "pre_tokenizer": ["type": "WhitespaceSplit"],
            "post_processor": [
                "type": "TemplateProcessing",
                "single": .array(
                    marks.map { mark in
                        mark == "$A"
                            ? ["Sequence": ["id": "A", "type_id": 0]] : ["SpecialToken": ["id": JSON(mark), "type_id": 0]]
                    }),
                "pair": .array([]),
                "special_tokens": .object(
                    marks.filter { $0 != "$A" }.map { mark in
                        (
                            key: mark,
                            value: ["id": JSON(mark), "ids": [JSON(names.firstIndex(of: mark)!)], "tokens": [JSON(mark)]]
                        )
                    }),
            ],
            "decoder": ["type": "WordPiece", "prefix": "##", "cleanup": false],
            "model": [
                "type": "WordPiece", "unk_token": JSON(unknown), "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100,
                "vocab": .object(names.enumerated().map { (key: $1, value: JSON($0)) }),
            ],
        ]
        try AtomicFile.write(definition.encoded(pretty: true), to: folder + "/tokenizer.json")
    }

    /// A folder whose weights are the gradients that transformers found: the parameters of what is loaded are what ours should be.
    public static func gradients(
        _ name: String, _ config: [(key: String, value: JSON)], changing changes: [String: JSON?] = [:]
    ) throws -> PublishedFolder {
        try PublishedFolder(
            Golden(name), config: config, changing: changes,
            weights: { $0.hasPrefix("gradient.") ? String($0.dropFirst("gradient.".count)) : nil })
    }
}

extension Golden {
    public func mask(_ name: String = "mask") -> Tensor { tokens(name).tensor }
}
