/// The first step of a tokenizer: rewrites text before it is cut into words.
package protocol TextNormalizer: Sendable {
    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar]
}

/// BERT's normalizer: drops control characters, sets Chinese characters apart, strips accents, lower-cases.
struct BertNormalizer: TextNormalizer {
    let cleansText: Bool
    let spacesChinese: Bool
    let stripsAccents: Bool
    let lowercases: Bool

    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var text = text
        if cleansText {
            text = text.compactMap { scalar in
                if scalar.value == 0 || scalar.value == 0xFFFD || BertCategory.isControl(scalar) {
                    return nil
                }
                return scalar.isSpace ? " " : scalar
            }
        }
        if spacesChinese { text = text.flatMap { BertNormalizer.isChinese($0) ? [" ", $0, " "] : [$0] } }
        if stripsAccents {
            text = CanonicalForm.decomposed(text)
            text.removeAll(where: BertCategory.isNonspacingMark)
        }
        return lowercases ? LowercaseNormalizer().normalized(text) : text
    }

    /// The CJK Unified Ideographs blocks that BERT's own tokenizer lists; kana and Hangul are not among them.
    private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}

/// Lower case by each scalar's full mapping, without regard to its neighbours.
struct LowercaseNormalizer: TextNormalizer {
    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(text.count)
        for scalar in text {
            if scalar.isASCII {
                result.append("A"..."Z" ~= scalar ? Unicode.Scalar(scalar.value + 32)! : scalar)
            } else {
                result += scalar.properties.lowercaseMapping.unicodeScalars
            }
        }
        return result
    }
}

/// A Unicode normalization form.
struct UnicodeNormalizer: TextNormalizer {
    let composes: Bool
    let isCompatible: Bool

    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        composes
            ? CanonicalForm.composed(text, compatibly: isCompatible)
            : CanonicalForm.decomposed(text, compatibly: isCompatible)
    }
}

/// Drops every combining mark; takes nothing apart itself.
struct StripAccentsNormalizer: TextNormalizer {
    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        text.filter { !StripAccentsNormalizer.isMark($0) }
    }

    /// A mark by Unicode 9.0, as published models' tokenizers know them; later ones stay.
    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x300: return false
        // Characters whose category changed since.
        case 0x1CF2, 0x1CF3: return true
        case 0x111C9: return false
        default:
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .spacingMark, .enclosingMark:
                return scalar.properties.age.map { $0.major <= 9 } ?? false
            default: return false
            }
        }
    }
}

/// One normalizer after another.
struct NormalizerSequence: TextNormalizer {
    let steps: [any TextNormalizer]

    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        steps.reduce(text) { $1.normalized($0) }
    }
}
