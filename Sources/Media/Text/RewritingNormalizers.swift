/// Replaces what a pattern matches.
struct ReplaceNormalizer: TextNormalizer {
    let pattern: TextPattern
    let replacement: [Unicode.Scalar]

    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        pattern.replacing(in: text, with: replacement)
    }
}

/// Puts a text in front of what is not empty.
struct PrependNormalizer: TextNormalizer {
    let prefix: [Unicode.Scalar]

    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        text.isEmpty ? text : prefix + text
    }
}

/// Drops white space at the ends.
struct StripNormalizer: TextNormalizer {
    let atStart: Bool
    let atEnd: Bool

    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        let start = atStart ? text.firstIndex { !$0.isSpace } ?? text.endIndex : 0
        let end = atEnd ? text.lastIndex { !$0.isSpace }.map { $0 + 1 } ?? 0 : text.endIndex
        return Array(text[start..<max(start, end)])
    }
}

/// The rules of machine translation that SentencePiece calls `nmt`: control characters go, odd spaces become
/// plain ones.
struct NmtNormalizer: TextNormalizer {
    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        text.compactMap { scalar in
            switch scalar.value {
            case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: nil
            case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: " "
            default: scalar
            }
        }
    }
}

/// Writes the bytes of the text in the byte alphabet.
struct ByteLevelNormalizer: TextNormalizer {
    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        ByteAlphabet.symbols(for: text)
    }
}
