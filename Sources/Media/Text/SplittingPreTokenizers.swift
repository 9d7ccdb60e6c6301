/// Cuts where a pattern matches; with `isInverted`, where it does not.
struct SplitPreTokenizer: PreTokenizer {
    let pattern: TextPattern
    let behavior: SplitBehavior
    let isInverted: Bool

    func pieces(of text: TextPiece) -> [TextPiece] {
        text.split(at: pattern.matches(in: text.scalars), behavior, isInverted: isInverted)
    }
}

/// Cuts around single characters of a kind, perhaps joining neighbours again.
struct KindPreTokenizer: PreTokenizer {
    let isOfKind: @Sendable (Unicode.Scalar) -> Bool
    let behavior: SplitBehavior

    static func punctuation(_ behavior: SplitBehavior) -> KindPreTokenizer {
        KindPreTokenizer(isOfKind: BertCategory.isPunctuation, behavior: behavior)
    }

    static func numbers(individually: Bool) -> KindPreTokenizer {
        KindPreTokenizer(isOfKind: \.isNumber, behavior: individually ? .isolated : .contiguous)
    }

    static func delimiter(_ delimiter: Unicode.Scalar) -> KindPreTokenizer {
        KindPreTokenizer(isOfKind: { $0 == delimiter }, behavior: .removed)
    }

    func pieces(of text: TextPiece) -> [TextPiece] {
        let found = text.scalars.indices.filter { isOfKind(text.scalars[$0]) }
        return text.split(at: found.map { $0..<$0 + 1 }, behavior)
    }
}

/// Runs of word characters and runs of other signs; white space goes.
struct WhitespacePreTokenizer: PreTokenizer {
    private enum Kind {
        case word, sign, space

        init(_ scalar: Unicode.Scalar) {
            self = scalar.isWord ? .word : scalar.isSpace ? .space : .sign
        }
    }

    func pieces(of text: TextPiece) -> [TextPiece] {
        var pieces: [TextPiece] = []
        var start = text.scalars.startIndex
        while start < text.scalars.endIndex {
            let kind = Kind(text.scalars[start])
            let end = text.scalars[start...].firstIndex { Kind($0) != kind } ?? text.scalars.endIndex
            if kind != .space { pieces.append(text.part(start..<end)) }
            start = end
        }
        return pieces
    }
}

/// SentencePiece's: writes spaces as a visible sign and cuts before each, so that words keep the one before them.
struct MetaspacePreTokenizer: PreTokenizer {
    /// Which texts are given a space in front.
    enum Prefix: String, CaseIterable {
        case always, first, never
    }

    let sign: Unicode.Scalar
    let prefix: Prefix
    let splits: Bool

    func pieces(of text: TextPiece) -> [TextPiece] {
        var scalars = text.scalars.map { $0 == " " ? sign : $0 }
        let isPrefixed = prefix == .always || prefix == .first && text.opensText
        if isPrefixed, scalars.first != sign { scalars.insert(sign, at: 0) }
        let whole = TextPiece(scalars[...], opensText: text.opensText)
        guard splits else { return [whole] }
        let signs = scalars.indices.filter { scalars[$0] == sign }
        return whole.split(at: signs.map { $0..<$0 + 1 }, .mergedWithNext)
    }
}
