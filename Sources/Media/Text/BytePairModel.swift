import Tensors

/// Byte-pair encoding: starts from single characters and applies the merges in the order they were learnt.
///
/// Sennrich et al. 2016, algorithm 1 (arXiv 1508.07909).
struct BytePairModel: TokenModel {
    let vocabulary: Vocabulary
    let unknown: Int32?

    private struct Merge {
        let rank: Int
        let id: Int32
    }

    private var merges: [UInt64: Merge] = [:]
    /// Written before every character but the first, and after the last.
    private let prefix: String
    private let suffix: String
    private let fusesUnknown: Bool
    /// When true, a word that is itself a token is taken whole.
    private let ignoresMerges: Bool
    private let bytes: ByteTokens?

    init(_ model: JSONField) throws(InputError) {
        let vocabulary = try Vocabulary(model.field("vocab"))
        self.vocabulary = vocabulary
        if let dropout = try model.optional("dropout"), try dropout.number() != 0 {
            throw dropout.error("unsupported: random merges", expected: "null")
        }
        bytes = try model.optional("byte_fallback")?.bool() == true ? ByteTokens(vocabulary) : nil
        let word = try model.optional("unk_token")
        unknown = try word.map { word throws(InputError) in
            guard let id = vocabulary.id(of: try word.string()) else {
                throw word.error("the unknown token is not in the vocabulary", found: word.json.encoded())
            }
            return id
        }
        prefix = try model.optional("continuing_subword_prefix")?.string() ?? ""
        suffix = try model.optional("end_of_word_suffix")?.string() ?? ""
        fusesUnknown = try model.optional("fuse_unk")?.bool() ?? false
        ignoresMerges = try model.optional("ignore_merges")?.bool() ?? false
        let list = try model.field("merges")
        guard let entries = list.json.array else { throw list.mismatch("an array of pairs") }
        merges.reserveCapacity(entries.count)
        for (rank, entry) in entries.enumerated() {
            let place = JSONField(entry, in: list.file, path: "\(list.path)[\(rank)]")
            let (left, right) = try BytePairModel.pair(place)
            guard let a = vocabulary.id(of: left), let b = vocabulary.id(of: right) else {
                let missing = vocabulary.id(of: left) == nil ? left : right
                throw place.error("the merge names \"\(missing)\", which is not in the vocabulary")
            }
            guard right.utf8.starts(with: prefix.utf8) else {
                throw place.error("the right side of the merge lacks the prefix \"\(prefix)\"", found: right)
            }
            let merged = left + String(decoding: right.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
            guard let id = vocabulary.id(of: merged) else {
                throw place.error("the merge makes \"\(merged)\", which is not in the vocabulary")
            }
            // A repeated merge keeps its last rank, as the pip package has it.
            merges[BytePairModel.key(a, b)] = Merge(rank: rank, id: id)
        }
    }

    /// A merge is `["a", "b"]`, or `"a b"` in older files.
    private static func pair(_ place: JSONField) throws(InputError) -> (String, String) {
        if let text = place.json.string {
            let parts = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            if parts.count == 2 {
                return (String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self))
            }
        } else if let parts = place.json.array, parts.count == 2, let a = parts[0].string,
            let b = parts[1].string
        {
            return (a, b)
        }
        throw place.mismatch("a pair of tokens")
    }

    private static func key(_ a: Int32, _ b: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: a)) << 32 | UInt64(UInt32(bitPattern: b))
    }

    func ids(of word: ArraySlice<Unicode.Scalar>) -> [Int32] {
        if ignoresMerges, let whole = vocabulary.id(of: word) { return [whole] }
        return merged(characters(of: word))
    }

    /// One id a character; characters without one become their bytes where these have tokens, or else the unknown
    /// token, or nothing where there is none.
    private func characters(of word: ArraySlice<Unicode.Scalar>) -> [Int32] {
        var ids: [Int32] = []
        ids.reserveCapacity(word.count)
        // Held back until the next known character, so that it comes after bytes between: as in the pip package.
        var unknownWaits = false
        func release() {
            if unknownWaits, let unknown { ids.append(unknown) }
            unknownWaits = false
        }
        for at in word.indices {
            let plain = prefix.isEmpty && suffix.isEmpty
            let symbol =
                plain
                ? String(word[at])
                : (at > word.startIndex ? prefix : "") + String(word[at])
                    + (at == word.endIndex - 1 ? suffix : "")
            if let id = vocabulary.id(of: symbol) {
                release()
                ids.append(id)
            } else if let spelling = bytes?.ids(of: symbol.unicodeScalars) {
                ids += spelling
            } else {
                if !fusesUnknown { release() }
                unknownWaits = true
            }
        }
        release()
        return ids
    }

    private struct Candidate: Comparable {
        let rank: Int
        let position: Int
        let id: Int32

        static func < (a: Candidate, b: Candidate) -> Bool {
            (a.rank, a.position) < (b.rank, b.position)
        }
    }

    /// Applies merges to a linked list, the earliest learnt first and the leftmost first among equals.
    private func merged(_ symbols: [Int32]) -> [Int32] {
        guard symbols.count > 1 else { return symbols }
        var symbols = symbols
        var next = Array(1...symbols.count)
        var previous = Array(-1..<(symbols.count - 1))
        let gone: Int32 = -1
        var queue = Heap<Candidate>()
        func propose(_ at: Int) {
            guard at >= 0, next[at] < symbols.count else { return }
            if let merge = merges[BytePairModel.key(symbols[at], symbols[next[at]])] {
                queue.push(Candidate(rank: merge.rank, position: at, id: merge.id))
            }
        }
        for at in symbols.indices { propose(at) }
        while let candidate = queue.pop() {
            let at = candidate.position
            guard symbols[at] != gone, next[at] < symbols.count else { continue }
            let right = next[at]
            // The neighbours may have changed since the proposal.
            guard merges[BytePairModel.key(symbols[at], symbols[right])]?.id == candidate.id else { continue }
            symbols[at] = candidate.id
            symbols[right] = gone
            next[at] = next[right]
            if next[at] < symbols.count { previous[next[at]] = at }
            propose(previous[at])
            propose(at)
        }
        return symbols.filter { $0 != gone }
    }
}

/// A binary heap: `pop` gives the least element.
struct Heap<Element: Comparable> {
    private var elements: [Element] = []

    mutating func push(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[child] < elements[parent] else { return }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> Element? {
        guard let last = elements.popLast() else { return nil }
        guard let least = elements.first else { return last }
        elements[0] = last
        var parent = 0
        while true {
            var smallest = parent
            let first = 2 * parent + 1
            for child in first..<max(first, min(first + 2, elements.count))
            where elements[child] < elements[smallest] {
                smallest = child
            }
            guard smallest != parent else { return least }
            elements.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
