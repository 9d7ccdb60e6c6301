import Networks
import TestKit
import Tensors

/// The encoder-decoders of `seq2seq.py`, and what transformers says of them.
enum PublishedModels {
    static let bartConfig: [(key: String, value: JSON)] = [
        ("model_type", "bart"), ("vocab_size", 40), ("d_model", 16), ("encoder_layers", 2), ("decoder_layers", 2),
        ("encoder_attention_heads", 2), ("decoder_attention_heads", 4), ("encoder_ffn_dim", 24), ("decoder_ffn_dim", 20),
        ("max_position_embeddings", 24), ("activation_function", "gelu"), ("scale_embedding", false), ("pad_token_id", 1),
        ("bos_token_id", 0), ("eos_token_id", 2), ("decoder_start_token_id", 2), ("tie_word_embeddings", true),
    ]
    static let t5Config: [(key: String, value: JSON)] = [
        ("model_type", "t5"), ("vocab_size", 40), ("d_model", 16), ("d_kv", 6), ("d_ff", 20), ("num_layers", 2),
        ("num_decoder_layers", 2), ("num_heads", 3), ("relative_attention_num_buckets", 8),
        ("relative_attention_max_distance", 12), ("layer_norm_epsilon", 1e-6), ("feed_forward_proj", "relu"),
        ("pad_token_id", 0), ("eos_token_id", 1), ("decoder_start_token_id", 0),
    ]
    static let gated: [String: JSON?] = ["feed_forward_proj": "gated-gelu", "tie_word_embeddings": false]

    /// Names of the weights among a golden's.
    static func isWeight(_ name: String) -> Bool {
        ["model.", "final_logits_bias", "shared.", "encoder.", "decoder.", "lm_head."].contains(where: name.hasPrefix)
    }

    static func bart(
        changing changes: [String: JSON?] = [:], extra: [String: Tensor] = [:],
        tensor: (String, Tensor) -> (name: String, value: Tensor)? = { ($0, $1) }
    ) throws -> PublishedFolder {
        try PublishedFolder(
            Golden("bart"), config: bartConfig, changing: changes, extra: extra, weights: { isWeight($0) ? $0 : nil },
            tensor: tensor)
    }

    static func t5(
        _ name: String = "t5", changing changes: [String: JSON?]? = nil, extra: [String: Tensor] = [:],
        tensor: (String, Tensor) -> (name: String, value: Tensor)? = { ($0, $1) }
    ) throws -> PublishedFolder {
        try PublishedFolder(
            Golden(name), config: t5Config, changing: changes ?? (name == "t5" ? [:] : gated), extra: extra,
            weights: { isWeight($0) ? $0 : nil }, tensor: tensor)
    }

    /// A folder whose weights are the gradients that transformers found: the parameters of what is loaded are what ours should be.
    static func gradients(
        _ name: String, _ config: [(key: String, value: JSON)], changing changes: [String: JSON?] = [:]
    ) throws -> PublishedFolder {
        try PublishedFolder(
            Golden(name), config: config, changing: changes,
            weights: { $0.hasPrefix("gradient.") ? String($0.dropFirst("gradient.".count)) : nil })
    }
}

extension Golden {
    func mask(_ name: String = "mask") -> Tensor { tokens(name).tensor }
}

/// A model that encodes tokens and says tokens.
protocol EncoderDecoder: Module, SequenceDecoder {
    func encode(_ ids: Tokens, mask: Tensor?) -> Tensor
    func callAsFunction(_ ids: Tokens, over states: Tensor, mask: Tensor?) -> Tensor
    var tokens: SpecialTokens { get }
}

extension BART: EncoderDecoder { var tokens: SpecialTokens { configuration.tokens } }
extension T5: EncoderDecoder { var tokens: SpecialTokens { configuration.tokens } }
extension Seq2SeqTransformer: EncoderDecoder {
    var tokens: SpecialTokens { SpecialTokens(start: 1, ends: [2], padding: 0) }
}
