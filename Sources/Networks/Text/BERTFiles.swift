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
        let model = try SafetensorsModel(published: folder)
        let prefix = model.entries.contains { $0.name.hasPrefix("bert.") } ? "bert." : ""
        let values = try PublishedNames(configuration, prefix: prefix).values(in: model) { name in
            // What comes after the hidden states, and the numbers 0, 1, 2, ... that old files hold.
            guard name.hasPrefix(prefix) else { return true }
            let rest = name.dropFirst(prefix.count)
            return rest == "embeddings.position_ids" || rest.hasPrefix("pooler.") || rest.hasPrefix("cls.")
        }
        let encoder = BERTEncoder(configuration)
        encoder.take(values)
        return encoder
    }
}

extension PublishedNames {
    /// The names that published BERT files give to the parts of our encoder.
    fileprivate init(_ c: BERTConfiguration, prefix: String) {
        self.init()
        let D = c.width
        // Files converted from TensorFlow name their norms otherwise.
        let before = ("gamma", "beta")
        add(prefix + "embeddings.word_embeddings.weight", [c.vocabulary, D], "words.weight")
        add(prefix + "embeddings.position_embeddings.weight", [c.positions, D], "positions.weight")
        add(prefix + "embeddings.token_type_embeddings.weight", [c.tokenTypes, D], "tokenTypes.weight")
        addNorm(prefix + "embeddings.LayerNorm", D, "norm", before: before)
        for i in 0..<c.depth {
            let (theirs, ours) = ("\(prefix)encoder.layer.\(i)", "blocks.\(i)")
            for name in ["query", "key", "value"] {
                addLinear("\(theirs).attention.self.\(name)", D, D, "\(ours).attention.queryKeyValue")
            }
            addLinear("\(theirs).attention.output.dense", D, D, "\(ours).attention.output")
            addNorm("\(theirs).attention.output.LayerNorm", D, "\(ours).attentionNorm", before: before)
            addLinear("\(theirs).intermediate.dense", D, c.hidden, "\(ours).feedForward.up")
            addLinear("\(theirs).output.dense", c.hidden, D, "\(ours).feedForward.down")
            addNorm("\(theirs).output.LayerNorm", D, "\(ours).feedForwardNorm", before: before)
        }
    }
}
