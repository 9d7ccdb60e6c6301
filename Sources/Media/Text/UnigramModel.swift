import Tensors

/// The unigram language model: of all ways to spell a text, the one whose tokens are most probable together.
///
/// Kudo 2018, section 3.2 (arXiv 1804.10959). A character without a token of its own may be unknown, at ten below
/// the least log-probability; unknowns in a row are one.
struct UnigramModel: TokenModel {
    let vocabulary: Vocabulary
    let unknown: Int32?
    private let scores: [Double]
    private let unknownScore: Double
    private let trie: TokenTrie
    private let bytes: ByteTokens?

    init(_ model: JSONField) throws(InputError) {
        let list = try model.field("vocab")
        guard let entries = list.json.array else { throw list.mismatch("an array of tokens and log-probabilities") }
        guard !entries.isEmpty else { throw list.error("the vocabulary is empty") }
        var (vocabulary, trie, scores) = (Vocabulary(), TokenTrie(), [Double]())
        scores.reserveCapacity(entries.count)
        for (id, entry) in entries.enumerated() {
            guard let pair = entry.array, pair.count == 2, let token = pair[0].string, let score = pair[1].number,
                score.isFinite
            else {
                throw JSONField(entry, in: list.file, path: "\(list.path)[\(id)]").mismatch(
                    "a token and its log-probability")
            }
            if let trouble = vocabulary.overwrite(token, id) { throw list.error(trouble) }
            if !token.isEmpty { trie.insert(token, Int32(id)) }
            scores.append(score)
        }
        unknown = try model.optional("unk_id").map { field throws(InputError) in
            Int32(try field.int(in: 0...entries.count - 1))
        }
        bytes = try model.optional("byte_fallback")?.bool() == true ? ByteTokens(vocabulary) : nil
        unknownScore = scores.min()! - 10
        (self.vocabulary, self.trie, self.scores) = (vocabulary, trie, scores)
    }

    private struct Node {
        var score = 0.0
        /// Where the best last token begins; nil where no way leads here yet.
        var start: Int?
        /// Nil where that is an unknown character.
        var id: Int32?
    }

    /// Viterbi: `best[i]` is the best way to spell the first `i` scalars; of equals, the first found stays.
    private func lattice(of text: ArraySlice<Unicode.Scalar>) -> [Node] {
        var best = [Node](repeating: Node(), count: text.count + 1)
        for start in 0..<text.count {
            let score = best[start].score
            func propose(_ length: Int, _ id: Int32?, _ more: Double) {
                let end = start + length
                if best[end].start == nil || score + more > best[end].score {
                    best[end] = Node(score: score + more, start: start, id: id)
                }
            }
            var hasSingle = false
            trie.forEachPrefix(of: text[(text.startIndex + start)...]) { length, id in
                propose(length, id, scores[Int(id)])
                if length == 1 { hasSingle = true }
            }
            if !hasSingle { propose(1, nil, unknownScore) }
        }
        return best
    }

    func ids(of word: ArraySlice<Unicode.Scalar>) -> [Int32] {
        let best = lattice(of: word)
        var ids: [Int32] = []
        var end = word.count
        /// The end of the unknown characters that are being gathered.
        var unknownEnd: Int?
        func flush(_ start: Int) {
            guard let last = unknownEnd else { return }
            ids += spelling(of: word[(word.startIndex + start)..<(word.startIndex + last)]).reversed()
            unknownEnd = nil
        }
        while end > 0, let start = best[end].start {
            let id = best[end].id
            if let id, id != unknown {
                flush(end)
                ids.append(id)
            } else {
                unknownEnd = unknownEnd ?? end
            }
            end = start
        }
        flush(0)
        return ids.reversed()
    }

    /// Unknown characters: together a token after all, or their bytes, or the unknown token.
    private func spelling(of text: ArraySlice<Unicode.Scalar>) -> [Int32] {
        vocabulary.id(of: text).map { [$0] } ?? bytes?.ids(of: text) ?? unknown.map { [$0] } ?? []
    }
}
