/// General categories as the tokenizers of published BERT models know them: those of Unicode 8.0.
///
/// Characters that came later count as letters there, and ids must agree with what the models were trained
/// on.
package enum BertCategory {
    /// Control, format and private characters except tab and line ends; the cleaning step drops them.
    package static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\t", "\n", "\r": return false
        case " "..."~": return false
        default:
            switch scalar.properties.generalCategory {
            case .control, .format, .privateUse, .surrogate: return isKnown(scalar)
            default: return false
            }
        }
    }

    /// Punctuation, and every visible ASCII character that is no letter or digit.
    package static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "!"..."/", ":"..."@", "["..."`", "{"..."~": return true
        case "\0"..."\u{7F}": return false
        case "\u{166D}", "\u{111C9}": return true
        default:
            switch scalar.properties.generalCategory {
            case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
                .initialPunctuation,
                .finalPunctuation, .otherPunctuation:
                return isKnown(scalar)
            default: return false
            }
        }
    }

    /// The marks that accent stripping removes.
    package static func isNonspacingMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x300: return false
        // Characters whose category changed since.
        case 0x1885, 0x1886, 0xA9BD, 0x111C9: return false
        case 0x1734, 0x1171E: return true
        default: return scalar.properties.generalCategory == .nonspacingMark && isKnown(scalar)
        }
    }

    private static func isKnown(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.age.map { $0.major <= 8 } ?? false
    }
}
