import Tensors

/// The steps of a tokenizer in a row: added tokens, normalizer, pre-tokenizer, model, template; and a
/// decoder.
///
/// Read from the form of Hugging Face's `tokenizer.json`, version 1.0, which it also keeps, so that saving
/// gives back what was loaded.
public struct TokenPipeline: Sendable {
    let definition: JSON
    let normalizer: (any TextNormalizer)?
    let preTokenizer: (any PreTokenizer)?
    let model: any TokenModel
    let template: SequenceTemplate
    let decoder: any TokenDecoder
    let added: AddedTokens
    /// The model's tokens and the added ones.
    let vocabulary: Vocabulary
    let specials: Set<Int32>
    let padding: Int32?
    /// The length to which the file asks texts to be cut; `encode` leaves that to its caller.
    let maximumLength: Int?

    func encode(_ text: String, wrapped: Bool, limit: Int?) -> [Int32] {
        require(limit.map { $0 >= 0 } ?? true, "Tokenizer.encode: limit \(limit!) is negative")
        var ids: [Int32] = []
        var known: [ArraySlice<Unicode.Scalar>: [Int32]] = [:]
        for part in added.parts(of: Array(text.unicodeScalars)[...], isNormalized: false) {
            guard case .text(let raw) = part else {
                if case .token(let id) = part { ids.append(id) }
                continue
            }
            let normal = normalizer.map { $0.normalized(Array(raw))[...] } ?? raw
            let opens = raw.startIndex == 0 && keepsFirst(of: raw)
            for part in added.parts(of: normal, isNormalized: true) {
                switch part {
                case .token(let id): ids.append(id)
                case .text(let text):
                    let piece = TextPiece(text, opensText: opens && text.startIndex == normal.startIndex)
                    for word in preTokenizer?.pieces(of: piece) ?? [piece] {
                        let spelling = known[word.scalars] ?? model.ids(of: word.scalars)
                        known[word.scalars] = spelling
                        ids += spelling
                    }
                }
            }
        }
        guard wrapped else { return limit.map { Array(ids.prefix($0)) } ?? ids }
        if let limit { ids = Array(ids.prefix(max(0, limit - template.before.count - template.after.count))) }
        let whole = template.before + ids + template.after
        return limit.map { Array(whole.prefix($0)) } ?? whole
    }

    /// Whether the first character outlasts normalizing; what follows a dropped one opens no text.
    private func keepsFirst(of text: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let normalizer, let first = text.first else { return true }
        return normalizer.normalized([first, "a"]) != normalizer.normalized(["a"])
    }

    /// Added tokens as the file writes them. (The pip package, 0.23, writes those that are sought in normalized text
    /// in their normalized form, by which it no longer knows the special ones.)
    func decode(_ ids: [Int32], keepingSpecials: Bool) -> String {
        let tokens = ids.compactMap { id in
            keepingSpecials || !specials.contains(id) ? vocabulary.tokens[id] : nil
        }
        return decoder.decoded(tokens).joined()
    }
}

/// A tokenizer that is a pipeline; the types that conform differ in the model they insist on.
public protocol PipelineTokenizer: Tokenizer {
    var pipeline: TokenPipeline { get }
}

extension PipelineTokenizer {
    public var vocabularySize: Int { pipeline.vocabulary.size }
    public var padding: Int32? { pipeline.padding }
    public var unknown: Int32? { pipeline.model.unknown }
    public var specials: Set<Int32> { pipeline.specials }
    /// The length to which the file asks texts to be cut, if it does.
    public var maximumLength: Int? { pipeline.maximumLength }

    public func id(of token: String) -> Int32? { pipeline.vocabulary.id(of: token) }
    public func token(of id: Int32) -> String? { pipeline.vocabulary.tokens[id] }

    public func encode(_ text: String, wrapped: Bool, limit: Int?) -> [Int32] {
        pipeline.encode(text, wrapped: wrapped, limit: limit)
    }

    public func decode(_ ids: [Int32], keepingSpecials: Bool) -> String {
        pipeline.decode(ids, keepingSpecials: keepingSpecials)
    }

    /// The `tokenizer.json` of this tokenizer.
    public var definition: JSON { pipeline.definition }

    /// Writes `tokenizer.json` to `path`, which other libraries read too.
    public func save(to path: String) throws {
        try AtomicFile.write(definition.encodedBytes(pretty: true), to: path)
    }
}
