/// The second step of a tokenizer: cuts normalized text into the words that the model then splits further.
package protocol PreTokenizer: Sendable {
    func pieces(of text: TextPiece) -> [TextPiece]
}

/// Cuts at white space, and around every punctuation character.
struct BertPreTokenizer: PreTokenizer {
    func pieces(of text: TextPiece) -> [TextPiece] {
        let scalars = text.scalars
        var pieces: [TextPiece] = []
        var start = scalars.startIndex
        for at in scalars.indices {
            let space = scalars[at].isSpace
            guard space || BertCategory.isPunctuation(scalars[at]) else { continue }
            if start < at { pieces.append(text.part(start..<at)) }
            if !space { pieces.append(text.part(at..<at + 1)) }
            start = at + 1
        }
        if start < scalars.endIndex { pieces.append(text.part(start..<scalars.endIndex)) }
        return pieces
    }
}

/// Cuts at white space only.
struct WhitespaceSplitPreTokenizer: PreTokenizer {
    func pieces(of text: TextPiece) -> [TextPiece] {
        text.scalars.split { $0.isSpace }.map { text.part($0.startIndex..<$0.endIndex) }
    }
}

/// GPT-2's: cuts into words with their leading space, then writes each word's bytes in the byte alphabet.
struct ByteLevelPreTokenizer: PreTokenizer {
    let addsPrefixSpace: Bool
    /// When false, the text stays whole and only its bytes are rewritten.
    let splits: Bool

    func pieces(of text: TextPiece) -> [TextPiece] {
        guard let first = text.scalars.first else { return [] }
        let scalars = addsPrefixSpace && first != " " ? [" "] + text.scalars : text.scalars
        let words = splits ? ByteLevelPreTokenizer.split(scalars) : [scalars]
        return words.enumerated().map { index, word in
            TextPiece(ByteAlphabet.symbols(for: word)[...], opensText: text.opensText && index == 0)
        }
    }

    /// What GPT-2's regular expression matches, one after another: English contractions, a run of letters, of
    /// digits or of other signs, each with one space before it; then what is left of white space.
    static func split(_ text: ArraySlice<Unicode.Scalar>) -> [ArraySlice<Unicode.Scalar>] {
        var words: [ArraySlice<Unicode.Scalar>] = []
        var at = text.startIndex
        while at < text.endIndex {
            let end = wordEnd(text, at)
            words.append(text[at..<end])
            at = end
        }
        return words
    }

    private static func wordEnd(_ text: ArraySlice<Unicode.Scalar>, _ start: Int) -> Int {
        if text[start] == "'", let length = contraction(text[(start + 1)...].prefix(2)) {
            return start + 1 + length
        }
        let body = text[start] == " " && start + 1 < text.endIndex ? start + 1 : start
        let kind = Kind(text[body])
        if kind != .space {
            var end = body + 1
            while end < text.endIndex, Kind(text[end]) == kind { end += 1 }
            return end
        }
        var end = start + 1
        while end < text.endIndex, Kind(text[end]) == .space { end += 1 }
        // White space before a word leaves its last character to that word.
        return end < text.endIndex && end - start > 1 ? end - 1 : end
    }

    /// Letters after the apostrophe of 's 't 'm 'd 're 've 'll.
    private static func contraction(_ rest: ArraySlice<Unicode.Scalar>) -> Int? {
        guard let first = rest.first else { return nil }
        if first == "s" || first == "t" || first == "m" || first == "d" { return 1 }
        guard rest.count == 2, let second = rest.last else { return nil }
        switch (first, second) {
        case ("r", "e"), ("v", "e"), ("l", "l"): return 2
        default: return nil
        }
    }

    private enum Kind {
        case letter, number, space, other

        init(_ scalar: Unicode.Scalar) {
            switch scalar {
            case "a"..."z", "A"..."Z": self = .letter
            case "0"..."9": self = .number
            case " ", "\t"..."\r": self = .space
            case "\0"..."\u{7F}": self = .other
            default:
                switch scalar.properties.generalCategory {
                case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
                    self = .letter
                case .decimalNumber, .letterNumber, .otherNumber: self = .number
                default: self = scalar.isSpace ? .space : .other
                }
            }
        }
    }
}

/// One pre-tokenizer after another, each cutting the words of the one before.
struct PreTokenizerSequence: PreTokenizer {
    let steps: [any PreTokenizer]

    func pieces(of text: TextPiece) -> [TextPiece] {
        steps.reduce([text]) { pieces, step in pieces.flatMap { step.pieces(of: $0) } }
    }
}
