import Foundation
import Tensors

/// The encoder of `bert.safetensors` as a folder that Hugging Face would publish, with changes to make it a wrong one.
public final class BERTFolder {
    public let path: String

    public static let config: [(key: String, value: JSON)] = [
        ("architectures", ["BertModel"]), ("model_type", "bert"), ("vocab_size", 60), ("hidden_size", 32),
        ("num_hidden_layers", 2), ("num_attention_heads", 4), ("intermediate_size", 64),
        ("max_position_embeddings", 16),
        ("type_vocab_size", 2), ("layer_norm_eps", 1e-12), ("hidden_act", "gelu"),
        ("position_embedding_type", "absolute"),
    ]

    /// - Parameters:
    ///   - changes: keys of `config.json` with other values, or without one.
    ///   - tensor: what is stored of a tensor, and under which name; nil leaves it out.
    public init(
        changing changes: [String: JSON?] = [:], extra: [String: Tensor] = [:],
        tensor: (String, Tensor) -> (name: String, value: Tensor)? = { ($0, $1) }
    ) throws {
        path = FileManager.default.temporaryDirectory.path + "/bert-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        var config = Self.config.compactMap { key, value in
            changes[key].map { changed in changed.map { (key: key, value: $0) } } ?? (key: key, value: value)
        }
        let known = Set(config.map(\.key))
        for (key, value) in changes { if let value, !known.contains(key) { config.append((key, value)) } }
        try AtomicFile.write(JSON.object(config).encoded(pretty: true), to: path + "/config.json")

        let golden = Golden("bert")
        var writer = SafetensorsWriter()
        for name in golden.names
        where name.contains("LayerNorm") || name.hasSuffix(".weight") || name.hasSuffix(".bias") {
            if let kept = tensor(name, golden[name]) { writer.add(kept.name, kept.value) }
        }
        for (name, value) in extra { writer.add(name, value) }
        try writer.write(to: path + "/model.safetensors")
        try AtomicFile.write(Self.words.joined(separator: "\n") + "\n", to: path + "/vocab.txt")
    }

    /// Sixty tokens: the special ones, some words, and letters to spell others with.
    public static let words: [String] = {
        let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "blue", "circle", "square", "##s"]
        return words + (0..<60 - words.count).map { "word\($0)" }
    }()

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
