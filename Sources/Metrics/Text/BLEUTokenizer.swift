extension BLEU {
    /// How a text is cut into tokens; raw values are sacrebleu's names.
    public enum Tokenizer: String, Sendable, CaseIterable {
        /// That of mteval-v13a, which most published numbers use: ASCII punctuation apart, points and commas within numbers not.
        case thirteenA = "13a"
        /// That of mteval-v14: everything that Unicode calls punctuation or a symbol apart.
        case international = "intl"
        /// Every character but white space.
        case character = "char"
        /// The text is tokenised already: at white space.
        case none

        public func callAsFunction(_ text: String, lowercase: Bool = false) -> [Word] {
            var text = Array(text.unicodeScalars)
            if lowercase { text = Metrics.lowercase(text) }
            while let last = text.last, isSpace(last) { text.removeLast() }
            switch self {
            case .thirteenA: return words(of: Rule.apply(Rule.thirteenA, to: [" "] + plain(text) + [" "]))
            case .international: return words(of: Rule.apply(Rule.international, to: text))
            case .character: return text.filter { !isSpace($0) }.map { [$0] }
            case .none: return words(of: text)
            }
        }

        /// What mteval-v13a mends first: broken lines and SGML's entities, in this order.
        private func plain(_ text: Word) -> Word {
            func replaced(_ text: Word, _ old: String, _ new: String) -> Word {
                text.replacing(Array(old.unicodeScalars), with: Array(new.unicodeScalars))
            }
            var text = text
            if text.contains("<") { text = replaced(text, "<skipped>", "") }
            if text.contains("\n") { text = replaced(replaced(text, "-\n", ""), "\n", " ") }
            guard text.contains("&") else { return text }
            return [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")].reduce(text) { replaced($0, $1.0, $1.1) }
        }
    }
}

/// A pass over a text from left to right that sets spaces; what one match has taken is not looked at again.
private enum Rule {
    typealias Kind = @Sendable (Unicode.Scalar) -> Bool

    /// "x" becomes " x ".
    case around(Kind)
    /// "xy" becomes "x y ".
    case afterward(Kind, Kind)
    /// "xy" becomes " x y".
    case beforehand(Kind, Kind)

    static let thirteenA: [Rule] = [
        .around { isASCIIPunctuation($0) && !"',-.".unicodeScalars.contains($0) || $0 == " " },
        .afterward({ !isDigit($0) }, { $0 == "." || $0 == "," }),
        .beforehand({ $0 == "." || $0 == "," }, { !isDigit($0) }),
        .afterward(isDigit, { $0 == "-" }),
    ]

    static let international: [Rule] = [
        .afterward({ !isNumber($0) }, isPunctuation), .beforehand(isPunctuation, { !isNumber($0) }), .around(isSymbol),
    ]

    static func apply(_ rules: [Rule], to text: Word) -> Word { rules.reduce(text) { $1.applied(to: $0) } }

    private func applied(to text: Word) -> Word {
        var result: Word = []
        result.reserveCapacity(2 * text.count)
        var i = 0
        while i < text.count {
            let pair = i + 1 < text.count ? (text[i], text[i + 1]) : nil
            switch (self, pair) {
            case (.around(let kind), _) where kind(text[i]): result += [" ", text[i], " "]
            case (.afterward(let left, let right), let (x, y)?) where left(x) && right(y):
                result += [x, " ", y, " "]
                i += 1
            case (.beforehand(let left, let right), let (x, y)?) where left(x) && right(y):
                result += [" ", x, " ", y]
                i += 1
            default: result.append(text[i])
            }
            i += 1
        }
        return result
    }
}

@Sendable private func isDigit(_ scalar: Unicode.Scalar) -> Bool { "0"..."9" ~= scalar }

@Sendable private func isNumber(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: true
    default: false
    }
}

@Sendable private func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
        .otherPunctuation:
        true
    default: false
    }
}

@Sendable private func isSymbol(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol: true
    default: false
    }
}
