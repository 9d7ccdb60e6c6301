import Tensors

/// The last step of encoding: the special tokens around a text, as `[CLS] text [SEP]`.
struct SequenceTemplate: Sendable {
    private(set) var before: [Int32] = []
    private(set) var after: [Int32] = []

    init() {}

    /// Reads `post_processor`. Every id must be one of the vocabulary's.
    init(_ field: JSONField, vocabulary: (Int32) -> Bool) throws(InputError) {
        let kind = try field.field("type")
        switch try kind.string() {
        case "TemplateProcessing": try readTemplate(field)
        case "BertProcessing", "RobertaProcessing":
            before = [try SequenceTemplate.id(field.field("cls"))]
            after = [try SequenceTemplate.id(field.field("sep"))]
        case "ByteLevel": break  // moves offsets only
        case "Sequence":
            for step in try field.field("processors").elements() {
                let inner = try SequenceTemplate(step, vocabulary: vocabulary)
                before = inner.before + before
                after += inner.after
            }
        default:
            throw kind.error(
                "unsupported post-processor",
                expected: "TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, Sequence",
                found: kind.json.encoded())
        }
        if let stray = (before + after).first(where: { !vocabulary($0) }) {
            throw field.error("the id \(stray) is not in the vocabulary")
        }
    }

    private mutating func readTemplate(_ field: JSONField) throws(InputError) {
        let single = try field.field("single")
        var texts = 0
        for piece in try single.elements() {
            if let text = try piece.optional("Sequence") {
                _ = try text.field("id").string(oneOf: ["A"])
                texts += 1
                continue
            }
            let name = try piece.field("SpecialToken").field("id").string()
            let special = try field.field("special_tokens").field(name)
            for id in try special.field("ids").elements() {
                let value = try id.int(in: 0...Vocabulary.idLimit)
                if texts == 0 { before.append(Int32(value)) } else { after.append(Int32(value)) }
            }
        }
        guard texts == 1 else {
            throw single.error("the template must hold the text once", found: "\(texts) times")
        }
    }

    /// The id in `["[SEP]", 102]`.
    private static func id(_ field: JSONField) throws(InputError) -> Int32 {
        let pair = try field.elements()
        guard pair.count == 2 else { throw field.mismatch("a token and its id") }
        return Int32(try pair[1].int(in: 0...Vocabulary.idLimit))
    }
}
