import Tensors

extension BERTConfiguration {
    /// Reads the `config.json` of a published folder.
    public init(folder: String) throws(InputError) {
        let place = folder + "/config.json"
        try self.init(JSONField(try JSON.read(place), in: place))
    }
}

extension BERTEncoder {
    /// Reads a folder as Hugging Face publishes it: `config.json` and `model.safetensors`.
    ///
    /// The file may belong to a larger model: a `bert.` prefix, the pooler and task heads are passed over.
    public static func load(_ folder: String) throws(InputError) -> BERTEncoder {
        let configuration = try BERTConfiguration(folder: folder)
        // Every shape is compared before the network is made, so that a wrong number cannot ask for all of memory.
        let values = try BERTKeys(configuration).values(in: SafetensorsFile(folder + "/model.safetensors"))
        let encoder = BERTEncoder(configuration)
        for parameter in encoder.parameters() {
            guard let value = values[parameter.name] else { fatalError("BERTKeys: no \(parameter.name)") }
            parameter.set(value)
        }
        return encoder
    }
}

/// The names that published BERT files give to the parts of our encoder.
struct BERTKeys {
    /// One tensor of a published file.
    struct Entry {
        /// Today's name, then that of files converted from TensorFlow.
        let keys: [String]
        let shape: [Int]
        /// Property path of the parameter whose next rows it fills: ours packs queries, keys and values.
        let path: String
    }

    private(set) var entries: [Entry] = []

    init(_ c: BERTConfiguration) {
        let D = c.width
        add("embeddings.word_embeddings.weight", [c.vocabulary, D], "words.weight")
        add("embeddings.position_embeddings.weight", [c.positions, D], "positions.weight")
        add("embeddings.token_type_embeddings.weight", [c.tokenTypes, D], "tokenTypes.weight")
        addNorm("embeddings.LayerNorm", D, "norm")
        for i in 0..<c.depth {
            let (theirs, ours) = ("encoder.layer.\(i)", "blocks.\(i)")
            for name in ["query", "key", "value"] {
                addLinear("\(theirs).attention.self.\(name)", D, D, "\(ours).attention.queryKeyValue")
            }
            addLinear("\(theirs).attention.output.dense", D, D, "\(ours).attention.output")
            addNorm("\(theirs).attention.output.LayerNorm", D, "\(ours).attentionNorm")
            addLinear("\(theirs).intermediate.dense", D, c.hidden, "\(ours).feedForward.up")
            addLinear("\(theirs).output.dense", c.hidden, D, "\(ours).feedForward.down")
            addNorm("\(theirs).output.LayerNorm", D, "\(ours).feedForwardNorm")
        }
    }

    /// The file's tensors by the names of our parameters; one that is missing, of another shape or unknown is an error.
    func values(in file: SafetensorsFile) throws(InputError) -> [String: Tensor] {
        let prefix = file.entries.contains { $0.name.hasPrefix("bert.") } ? "bert." : ""
        var found: [(path: String, entry: SafetensorsEntry)] = []
        for wanted in entries {
            guard let entry = wanted.keys.lazy.compactMap({ file[prefix + $0] }).first else {
                let near = nearestName(to: prefix + wanted.keys[0], among: file.entries.lazy.map(\.name))
                throw InputError(
                    "tensor \"\(prefix + wanted.keys[0])\" is missing", at: file.path,
                    expected: "shape \(wanted.shape)",
                    hint: near.map { "there is \"\($0)\"" })
            }
            guard entry.shape == wanted.shape else {
                throw InputError(
                    "tensor \"\(entry.name)\" does not fit config.json", at: file.path,
                    expected: "shape \(wanted.shape)",
                    found: "\(entry.shape)")
            }
            found.append((wanted.path, entry))
        }
        let used = Set(found.map(\.entry.name))
        if let odd = file.entries.first(where: { !used.contains($0.name) && !Self.isIgnored($0.name, prefix: prefix) }) {
            throw InputError(
                "tensor \"\(odd.name)\" is not part of the model that config.json describes", at: file.path)
        }
        var rows: [String: [Tensor]] = [:]
        for (path, entry) in found { rows[path, default: []].append(try file.tensor(entry)) }
        return rows.mapValues { $0.count == 1 ? $0[0] : concatenated($0, axis: 0) }
    }

    /// What comes after the hidden states, and the numbers 0, 1, 2, ... that old files hold.
    private static func isIgnored(_ name: String, prefix: String) -> Bool {
        guard name.hasPrefix(prefix) else { return true }
        let rest = name.dropFirst(prefix.count)
        return rest == "embeddings.position_ids" || rest.hasPrefix("pooler.") || rest.hasPrefix("cls.")
    }

    private mutating func add(_ key: String, _ shape: [Int], _ path: String, before: String? = nil) {
        entries.append(Entry(keys: [key] + (before.map { [$0] } ?? []), shape: shape, path: path))
    }

    private mutating func addLinear(_ key: String, _ input: Int, _ output: Int, _ path: String) {
        add(key + ".weight", [output, input], path + ".weight")
        add(key + ".bias", [output], path + ".bias")
    }

    private mutating func addNorm(_ key: String, _ width: Int, _ path: String) {
        add(key + ".weight", [width], path + ".weight", before: key + ".gamma")
        add(key + ".bias", [width], path + ".bias", before: key + ".beta")
    }
}
