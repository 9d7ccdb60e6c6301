import Tensors

/// Tokens found in the text itself before anything is cut: `[MASK]`, `<pad>` and their like.
struct AddedTokens: Sendable {
    struct Token: Sendable {
        let id: Int32
        let content: String
        let isSpecial: Bool
        /// Sought in the normalized text, in its own normalized form; otherwise in the text as given.
        let isNormalized: Bool
        fileprivate let isWholeWord: Bool
        fileprivate let takesSpaceBefore: Bool
        fileprivate let takesSpaceAfter: Bool
        fileprivate let pattern: [Unicode.Scalar]
    }

    /// A part of a text: an added token, or what lies between two.
    enum Part {
        case token(Int32)
        case text(ArraySlice<Unicode.Scalar>)
    }

    let tokens: [Token]
    /// By first scalar, longest first, for the text as given and for the normalized text.
    private var given: [Unicode.Scalar: [Token]] = [:]
    private var normalized: [Unicode.Scalar: [Token]] = [:]

    /// Reads `added_tokens`, entering into `vocabulary` those that the model does not have.
    init(_ field: JSONField?, into vocabulary: inout Vocabulary, normalizer: (any TextNormalizer)?)
        throws(InputError)
    {
        var tokens: [Token] = []
        for entry in try field?.elements() ?? [] {
            let content = try entry.field("content").string()
            guard !content.isEmpty else { throw entry.error("an added token is empty") }
            let id = try entry.field("id").int()
            if let trouble = vocabulary.add(content, id) { throw entry.error(trouble) }
            func flag(_ name: String, _ missing: Bool) throws(InputError) -> Bool {
                try entry.optional(name)?.bool() ?? missing
            }
            let special = try flag("special", false)
            let isNormalized = try flag("normalized", !special)
            let scalars = Array(content.unicodeScalars)
            tokens.append(
                Token(
                    id: Int32(id), content: content, isSpecial: special, isNormalized: isNormalized,
                    isWholeWord: try flag("single_word", false), takesSpaceBefore: try flag("lstrip", false),
                    takesSpaceAfter: try flag("rstrip", false),
                    pattern: isNormalized ? normalizer?.normalized(scalars) ?? scalars : scalars))
        }
        self.tokens = tokens
        given = AddedTokens.index(tokens.filter { !$0.isNormalized })
        normalized = AddedTokens.index(tokens.filter(\.isNormalized))
    }

    private static func index(_ tokens: [Token]) -> [Unicode.Scalar: [Token]] {
        let first = tokens.filter { !$0.pattern.isEmpty }
        return Dictionary(grouping: first) { $0.pattern[0] }.mapValues {
            $0.sorted { $0.pattern.count > $1.pattern.count }
        }
    }

    /// Cuts `text` at its added tokens, leftmost first and the longest there.
    func parts(of text: ArraySlice<Unicode.Scalar>, isNormalized: Bool) -> [Part] {
        let index = isNormalized ? normalized : given
        guard !index.isEmpty else { return text.isEmpty ? [] : [.text(text)] }
        var parts: [Part] = []
        var start = text.startIndex
        var at = start
        while at < text.endIndex {
            guard let token = index[text[at]]?.first(where: { text[at...].starts(with: $0.pattern) }) else {
                at += 1
                continue
            }
            var (from, to) = (at, at + token.pattern.count)
            at = to
            if token.isWholeWord {
                let touchesBefore = from > text.startIndex && text[from - 1].isWord
                let touchesAfter = to < text.endIndex && text[to].isWord
                if touchesBefore || touchesAfter { continue }
            }
            if token.takesSpaceBefore { while from > start, text[from - 1].isSpace { from -= 1 } }
            if token.takesSpaceAfter { while to < text.endIndex, text[to].isSpace { to += 1 } }
            if from > start { parts.append(.text(text[start..<from])) }
            parts.append(.token(token.id))
            (start, at) = (to, to)
        }
        if start < text.endIndex { parts.append(.text(text[start...])) }
        return parts
    }
}
