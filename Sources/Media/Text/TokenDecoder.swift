/// The way back: turns tokens into pieces of text, which are then joined.
package protocol TokenDecoder: Sendable {
    func decoded(_ tokens: [String]) -> [String]
}

/// Byte-alphabet characters back to bytes, bytes back to text; bytes that are not UTF-8 become U+FFFD.
struct ByteLevelDecoder: TokenDecoder {
    func decoded(_ tokens: [String]) -> [String] {
        [String(decoding: tokens.flatMap { ByteAlphabet.bytes(of: $0) }, as: UTF8.self)]
    }
}

/// A space before every token that is no continuation; with `cleansUp`, none before punctuation.
struct WordPieceDecoder: TokenDecoder {
    let prefix: String
    let cleansUp: Bool

    /// What English typography closes up, in the order in which it is applied.
    private static let contractions = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ].map { (Array($0.utf8), Array($1.utf8)) }

    func decoded(_ tokens: [String]) -> [String] {
        tokens.enumerated().map { index, token in
            var text = Array(token.utf8)
            if index > 0 {
                if text.starts(with: prefix.utf8) {
                    text.removeFirst(prefix.utf8.count)
                } else {
                    text.insert(UInt8(ascii: " "), at: 0)
                }
            }
            if cleansUp {
                for (from, to) in WordPieceDecoder.contractions { replace(from, with: to, in: &text) }
            }
            return String(decoding: text, as: UTF8.self)
        }
    }
}

/// An end-of-word suffix becomes a space, and at the end of the text nothing.
struct SuffixDecoder: TokenDecoder {
    let suffix: String

    func decoded(_ tokens: [String]) -> [String] {
        tokens.enumerated().map { index, token in
            var text = Array(token.utf8)
            replace(Array(suffix.utf8), with: index == tokens.count - 1 ? [] : [UInt8(ascii: " ")], in: &text)
            return String(decoding: text, as: UTF8.self)
        }
    }
}

/// Joins the pieces so far into one.
struct FuseDecoder: TokenDecoder {
    func decoded(_ tokens: [String]) -> [String] {
        [tokens.joined()]
    }
}

/// A space between tokens: what a file without a decoder means.
struct SpacingDecoder: TokenDecoder {
    func decoded(_ tokens: [String]) -> [String] {
        [tokens.joined(separator: " ")]
    }
}

/// One decoder after another.
struct DecoderSequence: TokenDecoder {
    let steps: [any TokenDecoder]

    func decoded(_ tokens: [String]) -> [String] {
        steps.reduce(tokens) { $1.decoded($0) }
    }
}

/// Replaces every occurrence, left to right, byte by byte; most texts hold none and are not touched.
private func replace(_ pattern: [UInt8], with replacement: [UInt8], in text: inout [UInt8]) {
    guard let first = pattern.first else { return }
    var at = 0
    while at + pattern.count <= text.count {
        if text[at] == first, text[at...].starts(with: pattern) {
            text.replaceSubrange(at..<(at + pattern.count), with: replacement)
            at += replacement.count
        } else {
            at += 1
        }
    }
}
