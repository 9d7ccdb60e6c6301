import Tensors

/// BERT's tokenizer: WordPiece over cleaned, usually lower-cased text, wrapped in `[CLS]` and `[SEP]`.
///
/// Devlin et al. 2019, section 3 (arXiv 1810.04805); pieces as in Wu et al. 2016, section 4.1 (arXiv
/// 1609.08144).
public struct WordPieceTokenizer: PipelineTokenizer {
    public let pipeline: TokenPipeline

    /// Reads a `tokenizer.json` whose model is WordPiece.
    public init(_ json: JSON, file: String) throws(InputError) {
        pipeline = try TokenPipeline(json, file: file, models: ["WordPiece"])
    }

    /// - Parameter path: a `tokenizer.json`, or a `vocab.txt` with perhaps a `tokenizer_config.json` beside
    /// it.
    public init(_ path: String) throws(InputError) {
        guard path.hasSuffix(".txt") else {
            try self.init(JSON.read(path), file: path)
            return
        }
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
        let configuration = folder + "tokenizer_config.json"
        let settings = Tokenizers.exists(configuration) ? try JSON.read(configuration) : [:]
        let definition = try WordPieceTokenizer.definition(
            vocabulary: AtomicFile.readText(path), file: path,
            settings: JSONField(settings, in: configuration))
        try self.init(definition, file: path)
    }

    /// The `tokenizer.json` that a `vocab.txt` stands for: one token a line, whose number is the id.
    private static func definition(
        vocabulary: String, file: String, settings: JSONField
    ) throws(InputError) -> JSON {
        var lines = vocabulary.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        var ids: [ExactString: Int] = [:]
        var members: [(key: String, value: JSON)] = []
        for (id, line) in lines.enumerated() {
            let token = String(
                decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
            if let earlier = ids.updateValue(id, forKey: ExactString(token)) {
                throw InputError(
                    "the token \"\(token)\" occurs twice", at: "\(file):\(id + 1)",
                    hint: "first in line \(earlier + 1)")
            }
            members.append((token, JSON(id)))
        }
        func name(_ key: String, _ usual: String) throws(InputError) -> String {
            guard let field = try settings.optional(key) else { return usual }
            if let text = field.json.string { return text }
            return try field.field("content").string()
        }
        func id(_ token: String) throws(InputError) -> Int {
            guard let id = ids[ExactString(token)] else {
                throw InputError("the special token \"\(token)\" is not in the vocabulary", at: file)
            }
            return id
        }
        let (start, end) = (try name("cls_token", "[CLS]"), try name("sep_token", "[SEP]"))
        let unknown = try name("unk_token", "[UNK]")
        let required = [unknown, start, end]
        let optional = [try name("pad_token", "[PAD]"), try name("mask_token", "[MASK]")].filter {
            ids[ExactString($0)] != nil
        }
        var added: [JSON] = []
        for token in Set((required + optional).map(ExactString.init)) {
            added.append([
                "id": JSON(try id(token.text)), "content": JSON(token.text), "single_word": false,
                "lstrip": false,
                "rstrip": false, "normalized": false, "special": true,
            ])
        }
        added.sort { $0["id"]!.int! < $1["id"]!.int! }
        func special(_ token: String) throws(InputError) -> JSON {
            ["id": JSON(token), "ids": [JSON(try id(token))], "tokens": [JSON(token)]]
        }
        return [
            "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(added),
            "normalizer": [
                "type": "BertNormalizer", "clean_text": true,
                "handle_chinese_chars": JSON(try settings.optional("tokenize_chinese_chars")?.bool() ?? true),
                "strip_accents": try settings.optional("strip_accents").map { field throws(InputError) in
                    JSON(try field.bool())
                } ?? nil,
                "lowercase": JSON(try settings.optional("do_lower_case")?.bool() ?? true),
            ],
            "pre_tokenizer": ["type": "BertPreTokenizer"],
            "post_processor": [
                "type": "TemplateProcessing",
                "single": [
                    ["SpecialToken": ["id": JSON(start), "type_id": 0]],
                    ["Sequence": ["id": "A", "type_id": 0]],
                    ["SpecialToken": ["id": JSON(end), "type_id": 0]],
                ],
                "pair": [
                    ["SpecialToken": ["id": JSON(start), "type_id": 0]],
                    ["Sequence": ["id": "A", "type_id": 0]],
                    ["SpecialToken": ["id": JSON(end), "type_id": 0]],
                    ["Sequence": ["id": "B", "type_id": 1]],
                    ["SpecialToken": ["id": JSON(end), "type_id": 1]],
                ],
                "special_tokens": .object([(start, try special(start)), (end, try special(end))]),
            ],
            "decoder": ["type": "WordPiece", "prefix": "##", "cleanup": true],
            "model": [
                "type": "WordPiece", "unk_token": JSON(unknown), "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": .object(members),
            ],
        ]
    }
}
