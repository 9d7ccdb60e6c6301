import Tensors

/// Text to token ids and back.
public protocol Tokenizer: Sendable {
    /// One more than the largest id: the rows of an embedding table.
    var vocabularySize: Int { get }
    /// The token that fills a text up to a fixed length.
    var padding: Int32? { get }
    /// The token for what cannot be spelt.
    var unknown: Int32? { get }
    /// Tokens that are no text: padding, boundaries, masks. Decoding leaves them out.
    var specials: Set<Int32> { get }

    func id(of token: String) -> Int32?
    func token(of id: Int32) -> String?

    /// - Parameters:
    ///   - wrapped: whether to add the special tokens that belong around a text, such as `[CLS]` and `[SEP]`.
    ///   - limit: at most so many ids; a longer text loses its end, never the special tokens around it.
    func encode(_ text: String, wrapped: Bool, limit: Int?) -> [Int32]

    /// The text of `ids`; unknown ids are passed over. Special tokens are left out unless `keepingSpecials`.
    func decode(_ ids: [Int32], keepingSpecials: Bool) -> String
}

extension Tokenizer {
    public func encode(_ text: String) -> [Int32] {
        encode(text, wrapped: true, limit: nil)
    }

    public func decode(_ ids: [Int32]) -> String {
        decode(ids, keepingSpecials: false)
    }

    /// The ids of `text`, cut or padded to `length`, and how many of them are not padding.
    public func encode(_ text: String, padded length: Int) -> (ids: [Int32], count: Int) {
        require(padding != nil, "Tokenizer.encode(padded:): this vocabulary has no padding token")
        let ids = encode(text, wrapped: true, limit: length)
        return (ids + Array(repeating: padding!, count: length - ids.count), ids.count)
    }
}
