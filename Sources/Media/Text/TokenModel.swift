/// The third step of a tokenizer: turns one word into ids.
protocol TokenModel: Sendable {
    var vocabulary: Vocabulary { get }
    /// The token that stands for what the vocabulary cannot spell.
    var unknown: Int32? { get }

    func ids(of word: ArraySlice<Unicode.Scalar>) -> [Int32]
}
