import Tensors

/// SentencePiece's compiled table of replacements: byte strings and the texts they become.
///
/// The strings are a trie in a double array, laid out as darts-clone does: a unit of 32 bits holds the byte
/// that leads to it, the offset of its children and whether one of them is a value, which is where the
/// replacement begins among the texts. Each of these ends with a zero byte.
struct CharacterMap: TextNormalizer {
    private let units: [UInt32]
    private let texts: [UInt8]

    /// Reads the table from base64: the trie's size in bytes, the trie, the texts.
    init(_ field: JSONField) throws(InputError) {
        let text = try field.string()
        guard let bytes = Base64.decoded(text) else {
            throw field.error("wrong base64", found: "a string of \(text.utf8.count) bytes")
        }
        func unit(_ at: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
        }
        guard bytes.count >= 8, case let size = Int(unit(0)), size >= 4, size % 4 == 0, size <= bytes.count - 4 else {
            throw field.error(
                "broken table of replacements", expected: "the size of a trie and the trie",
                found: "\(bytes.count) bytes" + (bytes.count >= 4 ? ", the size \(unit(0))" : ""))
        }
        units = (0..<size / 4).map { unit(4 + 4 * $0) }
        texts = Array(bytes[(4 + size)...])
        guard texts.isEmpty || texts.last == 0, String(validating: texts, as: UTF8.self) != nil else {
            throw field.error("broken table of replacements", expected: "texts in UTF-8, each ended by a zero byte")
        }
    }

    /// A short character with its marks is looked up as a whole first; one that is not in the table, scalar by
    /// scalar.
    ///
    /// As in the pip package, the look-up of a whole is met by an entry that is only its beginning, and the rest
    /// is lost with it: models were trained so.
    func normalized(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(text.count)
        for character in String(String.UnicodeScalarView(text)) {
            let whole = character.utf8.count < 6 ? replacement(of: character.utf8) : nil
            if let whole {
                result += whole
            } else {
                for scalar in character.unicodeScalars {
                    if let part = replacement(of: UTF8.encode(scalar)!) { result += part } else { result.append(scalar) }
                }
            }
        }
        return result
    }

    /// What the shortest entry that `bytes` begin with becomes.
    private func replacement(of bytes: some Sequence<UInt8>) -> String.UnicodeScalarView? {
        var node = CharacterMap.offset(units[0])
        for byte in bytes where byte != 0 {
            node ^= Int(byte)
            guard node < units.count, units[node] & 0x8000_00FF == UInt32(byte) else { return nil }
            let holdsValue = units[node] & 0x100 != 0
            node ^= CharacterMap.offset(units[node])
            if holdsValue {
                guard node < units.count else { return nil }
                let start = min(Int(units[node] & 0x7FFF_FFFF), texts.count)
                let end = texts[start...].firstIndex(of: 0) ?? texts.endIndex
                return String(decoding: texts[start..<end], as: UTF8.self).unicodeScalars
            }
        }
        return nil
    }

    private static func offset(_ unit: UInt32) -> Int {
        Int(unit >> 10) << Int((unit & 0x200) >> 6)
    }
}

/// Base64 of RFC 4648, section 4.
enum Base64 {
    private static let values: [UInt8: UInt32] = {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        return Dictionary(uniqueKeysWithValues: alphabet.utf8.enumerated().map { ($1, UInt32($0)) })
    }()

    /// Nil where the text is not base64 with its padding.
    static func decoded(_ text: String) -> [UInt8]? {
        let symbols = Array(text.utf8)
        guard symbols.count % 4 == 0 else { return nil }
        let padding = symbols.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(symbols.count / 4 * 3)
        var (group, bits) = (0 as UInt32, 0 as UInt32)
        for symbol in symbols.dropLast(padding) {
            guard let value = values[symbol] else { return nil }
            (group, bits) = (group << 6 | value, bits + 6)
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: group >> bits))
            }
        }
        return bytes
    }
}
