import Tensors

/// Sentences as rows of tokens of one length: the text's, an end, padding. A longer text loses its end, never the mark.
public struct TextForm: Sendable {
    public let tokenizer: any PipelineTokenizer
    /// L.
    public let length: Int
    public let padding, end: Int32

    /// - Parameter end: what closes a sentence, `</s>` say.
    public init(_ tokenizer: any PipelineTokenizer, length: Int, end: Int32) {
        require(length > 1 && tokenizer.padding != nil, "TextForm: length \(length), padding \(tokenizer.padding ?? -1)")
        self.tokenizer = tokenizer
        self.length = length
        self.end = end
        padding = tokenizer.padding!
    }

    /// Tokens of a text and its end, before anything is cut.
    public func count(_ text: String) -> Int { tokenizer.encode(text, wrapped: false, limit: nil).count + 1 }

    /// `[texts, L]`.
    public func tokens(_ texts: [String]) -> Tokens {
        padded(texts.map { tokenizer.encode($0, wrapped: false, limit: length - 1) + [end] })
    }

    /// Rows of at most L tokens, filled up: `[rows, L]`.
    public func padded(_ rows: [[Int32]]) -> Tokens {
        Tokens(rows.flatMap { $0 + [Int32](repeating: padding, count: length - $0.count) }, [rows.count, length])
    }

    /// What stands before the end of each row.
    ///
    ///     tokens: [B, N]
    public func texts(_ tokens: Tokens) -> [String] {
        let N = tokens.shape[1]
        return (0..<tokens.shape[0]).map { b in
            tokenizer.decode(Array(tokens.values[b * N..<(b + 1) * N].prefix { $0 != end && $0 != padding }))
        }
    }

    /// 1 where a row holds something, its end included: `[B, N]`.
    public func mask(_ tokens: Tokens) -> Tensor { Tensor(tokens.values.map { $0 == padding ? 0 : 1 }, tokens.shape) }
}

extension TextForm {
    /// Tokens as media, whole numbers in f32, which every id fits into: `[B, L, 1, 1]`.
    public static func media(_ tokens: Tokens) -> Tensor { tokens.tensor.reshaped(tokens.shape + [1, 1]) }

    /// The tokens that media are.
    public static func tokens(_ media: Tensor) -> Tokens {
        Tokens(media.values.map { Int32($0.rounded()) }, Array(media.shape.prefix(2)))
    }
}
