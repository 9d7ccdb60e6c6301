import Tensors

/// Sentences as rows of tokens of one length: a beginning where there is one, the text's, an end, padding. A longer text loses its end,
/// never the mark.
public struct TextForm: Sendable {
    public let tokenizer: any PipelineTokenizer
    /// L.
    public let length: Int
    public let padding, end: Int32
    public let beginning: Int32?

    /// - Parameters:
    ///   - beginning: what opens a sentence, `<s>` say; a special token, so that it is no part of the text.
    ///   - end: what closes a sentence, `</s>` say.
    ///   - padding: the tokenizer's own when nil.
    public init(
        _ tokenizer: any PipelineTokenizer, length: Int, beginning: Int32? = nil, end: Int32, padding: Int32? = nil
    ) {
        let padding = padding ?? tokenizer.padding
        require(length > (beginning == nil ? 1 : 2) && padding != nil, "TextForm: length \(length), padding \(padding ?? -1)")
        self.tokenizer = tokenizer
        self.length = length
        self.beginning = beginning
        self.end = end
        self.padding = padding!
    }

    /// Tokens of a text and its marks, before anything is cut.
    public func count(_ text: String) -> Int { tokenizer.encode(text, wrapped: false, limit: nil).count + marks }

    private var marks: Int { beginning == nil ? 1 : 2 }

    /// `[texts, L]`.
    public func tokens(_ texts: [String]) -> Tokens {
        let first = beginning.map { [$0] } ?? []
        return padded(texts.map { first + tokenizer.encode($0, wrapped: false, limit: length - marks) + [end] })
    }

    /// Rows of at most L tokens, filled up: `[rows, L]`.
    public func padded(_ rows: [[Int32]]) -> Tokens {
        Tokens(rows.flatMap { $0 + [Int32](repeating: padding, count: length - $0.count) }, [rows.count, length])
    }

    /// The same rows without columns that are padding in all of them, eight at a time, so that few lengths occur: `[rows, at most L]`.
    ///
    ///     tokens: [rows, L]
    public func trimmed(_ tokens: Tokens) -> Tokens {
        let (B, N) = (tokens.shape[0], tokens.shape[1])
        let filled = tokens.values.indices.filter { tokens.values[$0] != padding }.map { $0 % N + 1 }.max() ?? 1
        let kept = min(N, (filled + 7) / 8 * 8)
        guard kept < N else { return tokens }
        return Tokens((0..<B).flatMap { tokens.values[$0 * N..<$0 * N + kept] }, [B, kept])
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
