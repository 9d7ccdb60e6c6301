import Tensors

/// Reading the parts of `tokenizer.json`; a part that is not supported is named, never guessed.
extension TokenPipeline {
    /// - Parameter models: the model types to accept.
    init(_ json: JSON, file: String, models: [String] = ["BPE", "WordPiece"]) throws(InputError) {
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
        return type == "BPE" ? try BytePairModel(field) : try WordPieceModel(field)
    }

    /// Older files leave the type out; a list of merges then tells.
    static func modelType(_ field: JSONField) throws(InputError) -> String {
        if let type = try field.optional("type") { return try type.string() }
        return field.json["merges"] == nil ? "WordPiece" : "BPE"
    }

    private static func normalizer(_ field: JSONField) throws(InputError) -> any TextNormalizer {
        let type = try field.field("type")
        switch try type.string() {
        case "BertNormalizer":
            let lowercases = try field.optional("lowercase")?.bool() ?? true
            return BertNormalizer(
                cleansText: try field.optional("clean_text")?.bool() ?? true,
                spacesChinese: try field.optional("handle_chinese_chars")?.bool() ?? true,
                stripsAccents: try field.optional("strip_accents")?.bool() ?? lowercases,
                lowercases: lowercases)
        case "Lowercase": return LowercaseNormalizer()
        case "NFC": return CanonicalNormalizer(composes: true)
        case "NFD": return CanonicalNormalizer(composes: false)
        case "StripAccents": return StripAccentsNormalizer()
        case "Sequence":
            var steps: [any TextNormalizer] = []
            for step in try field.field("normalizers").elements() { steps.append(try normalizer(step)) }
            return NormalizerSequence(steps: steps)
        default:
            throw unsupported(
                "normalizer", type, "BertNormalizer, Lowercase, NFC, NFD, StripAccents, Sequence")
        }
    }

    private static func preTokenizer(_ field: JSONField) throws(InputError) -> any PreTokenizer {
        let type = try field.field("type")
        switch try type.string() {
        case "BertPreTokenizer": return BertPreTokenizer()
        case "WhitespaceSplit": return WhitespaceSplitPreTokenizer()
        case "ByteLevel":
            return ByteLevelPreTokenizer(
                addsPrefixSpace: try field.optional("add_prefix_space")?.bool() ?? true,
                splits: try field.optional("use_regex")?.bool() ?? true)
        case "Sequence":
            var steps: [any PreTokenizer] = []
            for step in try field.field("pretokenizers").elements() { steps.append(try preTokenizer(step)) }
            return PreTokenizerSequence(steps: steps)
        default:
            throw unsupported("pre-tokenizer", type, "BertPreTokenizer, ByteLevel, WhitespaceSplit, Sequence")
        }
    }

    private static func decoder(_ field: JSONField) throws(InputError) -> any TokenDecoder {
        let type = try field.field("type")
        switch try type.string() {
        case "ByteLevel": return ByteLevelDecoder()
        case "WordPiece":
            return WordPieceDecoder(
                prefix: try field.optional("prefix")?.string() ?? "##",
                cleansUp: try field.optional("cleanup")?.bool() ?? true)
        case "BPEDecoder": return SuffixDecoder(suffix: try field.optional("suffix")?.string() ?? "</w>")
        case "Fuse": return FuseDecoder()
        case "Sequence":
            var steps: [any TokenDecoder] = []
            for step in try field.field("decoders").elements() { steps.append(try decoder(step)) }
            return DecoderSequence(steps: steps)
        default: throw unsupported("decoder", type, "ByteLevel, WordPiece, BPEDecoder, Fuse, Sequence")
        }
    }

    private static func unsupported(_ part: String, _ type: JSONField, _ known: String) -> InputError {
        type.error("unsupported \(part)", expected: known, found: type.json.string)
    }
}
