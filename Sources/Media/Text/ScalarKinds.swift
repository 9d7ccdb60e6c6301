extension Unicode.Scalar {
    /// White space as Unicode has it; ASCII without a look-up.
    var isSpace: Bool {
        value < 0x80 ? value == 0x20 || 0x09...0x0D ~= value : properties.isWhitespace
    }

    /// A word character of regular expressions (Unicode Technical Standard 18, annex C).
    var isWord: Bool {
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: return false
        }
    }

    /// A digit, or a sign that stands for a number, such as "Ⅷ" and "½".
    var isNumber: Bool {
        switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: true
        default: false
        }
    }
}
