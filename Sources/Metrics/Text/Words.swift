/// A word, or any piece of text, as its Unicode scalars.
///
/// Two spellings of an accent are two words, as in the programs that published numbers come from; Swift's strings call them equal.
public typealias Word = [Unicode.Scalar]

/// The words of a text, split at white space as Python's `split` does.
public func words(of text: String) -> [Word] { words(of: Array(text.unicodeScalars)) }

func words(of text: Word) -> [Word] { text.split(whereSeparator: isSpace).map(Array.init) }

/// What Python's `isspace` holds for white space: Unicode's, and four separators of the teleprinter's days.
func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x80 { return 0x09...0x0D ~= scalar.value || 0x1C...0x20 ~= scalar.value }
    return scalar.properties.isWhitespace
}

/// Lower case by Unicode's full mapping, with the sigma that ends a word, as Python's `lower`.
package func lowercase(_ text: Word) -> Word {
    var result: Word = []
    result.reserveCapacity(text.count)
    for (i, scalar) in text.enumerated() {
        if scalar.isASCII {
            result.append("A"..."Z" ~= scalar ? Unicode.Scalar(UInt8(scalar.value) | 0x20) : scalar)
        } else if scalar == "Σ" {
            result.append(endsWord(i, text) ? "ς" : "σ")
        } else {
            result += scalar.properties.lowercaseMapping.unicodeScalars
        }
    }
    return result
}

/// Unicode's condition Final_Sigma: a letter with case before it and none after it, whatever has no say in that between them.
private func endsWord(_ i: Int, _ text: Word) -> Bool {
    let before = text[..<i].last { !$0.properties.isCaseIgnorable }
    let after = text[(i + 1)...].first { !$0.properties.isCaseIgnorable }
    return before?.properties.isCased == true && after?.properties.isCased != true
}

/// ASCII's 32 marks of punctuation.
func isASCIIPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "!"..."/", ":"..."@", "["..."`", "{"..."~": true
    default: false
    }
}
