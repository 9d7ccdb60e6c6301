import Foundation
import Tensors

/// The model of a golden as a folder that Hugging Face would publish, with changes to make it a wrong one.
public final class PublishedFolder {
    public let path: String

    /// - Parameters:
    ///   - config: what `config.json` says; `changes` are keys with other values, or without one.
    ///   - weights: which of the golden's tensors the model has, and under which name; `tensor` says what is stored of each.
    public init(
        _ golden: Golden, config: [(key: String, value: JSON)], changing changes: [String: JSON?] = [:],
        extra: [String: Tensor] = [:], weights: (String) -> String?,
        tensor: (String, Tensor) -> (name: String, value: Tensor)? = { ($0, $1) }
    ) throws {
        path = FileManager.default.temporaryDirectory.path + "/published-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        var config = config.compactMap { key, value in
            changes[key].map { changed in changed.map { (key: key, value: $0) } } ?? (key: key, value: value)
        }
        let known = Set(config.map(\.key))
        for (key, value) in changes { if let value, !known.contains(key) { config.append((key, value)) } }
        try AtomicFile.write(JSON.object(config).encoded(pretty: true), to: path + "/config.json")
        var writer = SafetensorsWriter()
        for name in golden.names {
            if let published = weights(name), let kept = tensor(published, golden[name]) { writer.add(kept.name, kept.value) }
        }
        for (name, value) in extra { writer.add(name, value) }
        try writer.write(to: path + "/model.safetensors")
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
