import Tensors

/// WordPiece: the longest token that starts the word, then the longest continuation, and so on; a word that
/// cannot be spelt to its end is one unknown token.
struct WordPieceModel: TokenModel {
    let vocabulary: Vocabulary
    let unknown: Int32?
    private let continuation: [Unicode.Scalar]
    private let longestWord: Int
    private let longestToken: Int

    init(_ model: JSONField) throws(InputError) {
        vocabulary = try Vocabulary(model.field("vocab"))
        let word = try model.optional("unk_token")
        let token = try word?.string() ?? "[UNK]"
        guard let unknown = vocabulary.id(of: token) else {
            throw (word ?? model).error("the unknown token \"\(token)\" is not in the vocabulary")
        }
        self.unknown = unknown
        continuation = Array(
            (try model.optional("continuing_subword_prefix")?.string() ?? "##").unicodeScalars)
        longestWord = try model.optional("max_input_chars_per_word")?.int(in: 0...Int.max) ?? 100
        longestToken = vocabulary.tokens.values.reduce(0) { max($0, $1.unicodeScalars.count) }
    }

    func ids(of word: ArraySlice<Unicode.Scalar>) -> [Int32] {
        guard word.count <= longestWord else { return [unknown!] }
        var ids: [Int32] = []
        var start = word.startIndex
        while start < word.endIndex {
            let prefix = start == word.startIndex ? [] : continuation
            var end = min(word.endIndex, start + max(0, longestToken - prefix.count))
            var found: Int32?
            while end > start, found == nil {
                found = vocabulary.id(of: prefix + word[start..<end])
                if found == nil { end -= 1 }
            }
            guard let found else { return [unknown!] }
            ids.append(found)
            start = end
        }
        return ids
    }
}
