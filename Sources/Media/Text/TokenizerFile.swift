import Tensors

/// Reading the parts of `tokenizer.json`; a part that is not supported is named, never guessed.
extension TokenPipeline {
    /// - Parameter models: the model types to accept.
    init(_ json: JSON, file: String, models: [String]) throws(InputError) {
        let root = JSONField(json, in: file)
        let version = try root.field("version")
        guard try version.string() == "1.0" else { throw version.mismatch("\"1.0\"") }
        definition = json
        normalizer = try root.optional("normalizer").map { field throws(InputError) in
            try TokenPipeline.normalizer(field)
        }
        preTokenizer = try root.optional("pre_tokenizer").map { field throws(InputError) in
            try TokenPipeline.preTokenizer(field)
        }
        let model = try root.field("model")
        self.model = try TokenPipeline.model(model, models)
        decoder =
            try root.optional("decoder").map { field throws(InputError) in try TokenPipeline.decoder(field) }
            ?? SpacingDecoder()

        var vocabulary = self.model.vocabulary
        let added = try AddedTokens(root.optional("added_tokens"), into: &vocabulary, normalizer: normalizer)
        (self.added, self.vocabulary) = (added, vocabulary)
        specials = Set(added.tokens.filter(\.isSpecial).map(\.id))
        template =
            try root.optional("post_processor").map { field throws(InputError) in
                try SequenceTemplate(field) { vocabulary.tokens[$0] != nil }
            } ?? SequenceTemplate()
        padding = try TokenPipeline.padding(root, vocabulary)
        maximumLength = try root.optional("truncation")?.optional("max_length")?.int(in: 0...Int.max)
    }

    /// The padding token that the file names, or else the one with a customary name.
    private static func padding(_ root: JSONField, _ vocabulary: Vocabulary) throws(InputError) -> Int32? {
        if let id = try root.optional("padding")?.field("pad_id") {
            let value = try id.int(in: 0...Vocabulary.idLimit)
            guard vocabulary.tokens[Int32(value)] != nil else {
                throw id.error("the padding id \(value) is not in the vocabulary")
            }
            return Int32(value)
        }
        return ["<pad>", "[PAD]"].lazy.compactMap { vocabulary.id(of: $0) }.first
    }

    private static func model(_ field: JSONField, _ accepted: [String]) throws(InputError) -> any TokenModel {
        let type = try modelType(field)
        guard accepted.contains(type) else {
            throw InputError(
                "unsupported tokenizer model", at: field.place + ".type",
                expected: accepted.joined(separator: " or "), found: type)
        }
        switch type {
        case "BPE": return try BytePairModel(field)
        case "Unigram": return try UnigramModel(field)
        default: return try WordPieceModel(field)
        }
    }

    /// Older files leave the type out; merges, or a vocabulary that is a list, then tell.
    static func modelType(_ field: JSONField) throws(InputError) -> String {
        if let type = try field.optional("type") { return try type.string() }
        if field.json["merges"] != nil { return "BPE" }
        return field.json["vocab"]?.array == nil ? "WordPiece" : "Unigram"
    }
}
