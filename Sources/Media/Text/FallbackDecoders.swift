/// The visible signs become spaces again, but for those of the first token where one was put there.
struct MetaspaceDecoder: TokenDecoder {
    let sign: Unicode.Scalar
    let dropsFirst: Bool

    func decoded(_ tokens: [String]) -> [String] {
        tokens.enumerated().map { index, token in
            let scalars = token.unicodeScalars.compactMap { $0 != sign ? $0 : dropsFirst && index == 0 ? nil : " " }
            return String(String.UnicodeScalarView(scalars))
        }
    }
}

/// Byte tokens in a row become their text, or U+FFFD each where they are no UTF-8.
struct ByteFallbackDecoder: TokenDecoder {
    func decoded(_ tokens: [String]) -> [String] {
        var result: [String] = []
        var bytes: [UInt8] = []
        func flush() {
            if let text = String(validating: bytes, as: UTF8.self) {
                if !bytes.isEmpty { result.append(text) }
            } else {
                result += Array(repeating: "\u{FFFD}", count: bytes.count)
            }
            bytes = []
        }
        for token in tokens {
            if let byte = ByteTokens.byte(of: token) {
                bytes.append(byte)
            } else {
                flush()
                result.append(token)
            }
        }
        flush()
        return result
    }
}

/// Drops a sign from the ends of every token, at most so many.
struct StripDecoder: TokenDecoder {
    let sign: Unicode.Scalar
    let start: Int
    let stop: Int

    func decoded(_ tokens: [String]) -> [String] {
        tokens.map { token in
            let scalars = Array(token.unicodeScalars)
            let first = scalars.prefix(start).prefix { $0 == sign }.count
            let last = scalars.dropFirst(first).suffix(stop).reversed().prefix { $0 == sign }.count
            return String(String.UnicodeScalarView(scalars[first..<(scalars.count - last)]))
        }
    }
}

/// Replaces what a pattern matches, in every token.
struct ReplaceDecoder: TokenDecoder {
    let pattern: TextPattern
    let replacement: [Unicode.Scalar]

    func decoded(_ tokens: [String]) -> [String] {
        tokens.map { token in
            String(String.UnicodeScalarView(pattern.replacing(in: Array(token.unicodeScalars), with: replacement)))
        }
    }
}
