/// GPT-2's 256 printable characters that stand for the 256 bytes.
///
/// A byte that is a visible Latin-1 character stands for itself; the others, in order, are U+0100 and on.
enum ByteAlphabet {
    /// The character of each byte.
    static let symbols: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (0..<256 as Range<UInt32>).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)!
            default:
                defer { next += 1 }
                return Unicode.Scalar(next)!
            }
        }
    }()

    /// The characters of a text's UTF-8.
    static func symbols(for text: some Collection<Unicode.Scalar>) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(text.count * 2)
        for scalar in text {
            for byte in UTF8.encode(scalar)! { result.append(symbols[Int(byte)]) }
        }
        return result
    }

    private static let bytes = Dictionary(uniqueKeysWithValues: symbols.enumerated().map { ($1, UInt8($0)) })

    /// The bytes that a token stands for; a token with other characters stands for its own UTF-8.
    static func bytes(of token: String) -> [UInt8] {
        var result: [UInt8] = []
        for scalar in token.unicodeScalars {
            guard let byte = bytes[scalar] else { return Array(token.utf8) }
            result.append(byte)
        }
        return result
    }

    static func text(of bytes: some Sequence<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(symbols[Int(byte)]) }
        return String(text)
    }
}
