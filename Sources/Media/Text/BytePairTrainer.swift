/// Learns the merges of a byte-level byte-pair vocabulary from word counts.
///
/// The pair seen most often is merged first; ties go to the pair whose left, then right token comes first
/// byte by byte. So the result is a function of the counts alone.
struct BytePairTrainer {
    /// The bytes of every token: the 256 bytes, then one for each merge that made a new one.
    private(set) var tokens: [[UInt8]] = (0...255).map { [$0] }
    /// Pairs of indices into `tokens`, in the order learnt.
    private(set) var merges: [(Int, Int)] = []

    private struct Pair: Hashable {
        let left: Int
        let right: Int
    }

    private struct Candidate: Comparable {
        let count: Int
        let pair: Pair
        let left: [UInt8]
        let right: [UInt8]

        static func < (a: Candidate, b: Candidate) -> Bool {
            if a.count != b.count { return a.count > b.count }
            if a.left != b.left { return a.left.lexicographicallyPrecedes(b.left) }
            return a.right.lexicographicallyPrecedes(b.right)
        }

        static func == (a: Candidate, b: Candidate) -> Bool {
            a.count == b.count && a.pair == b.pair
        }
    }

    private var words: [(symbols: [Int], count: Int)]
    private var counts: [Pair: Int] = [:]
    private var places: [Pair: Set<Int>] = [:]
    private var queue = Heap<Candidate>()

    /// - Parameters:
    ///   - counts: how often each word, in bytes, occurs.
    ///   - size: tokens to end with, the 256 bytes included; fewer when no pair occurs twice any more.
    ///   - reserved: tokens that a merge must not make.
    init(counts: [[UInt8]: Int], size: Int, reserved: Set<[UInt8]>) {
        words = counts.map { ($0.key.map(Int.init), $0.value) }
        for index in words.indices { tally(index, sign: 1) }
        for pair in self.counts.keys { propose(pair) }
        var known: [[UInt8]: Int] = [:]
        for (index, token) in tokens.enumerated() { known[token] = index }
        while tokens.count < size, let best = queue.pop() {
            let count = self.counts[best.pair] ?? 0
            guard count >= 2 else { continue }
            guard count == best.count else {
                propose(best.pair)
                continue
            }
            let bytes = best.left + best.right
            if reserved.contains(bytes) { continue }
            // Two pairs may spell the same token; it is entered once.
            let token = known[bytes] ?? tokens.count
            if token == tokens.count {
                tokens.append(bytes)
                known[bytes] = token
            }
            merges.append((best.pair.left, best.pair.right))
            merge(best.pair, into: token)
        }
    }

    private mutating func propose(_ pair: Pair) {
        guard let count = counts[pair], count >= 2 else { return }
        queue.push(Candidate(count: count, pair: pair, left: tokens[pair.left], right: tokens[pair.right]))
    }

    private mutating func merge(_ pair: Pair, into token: Int) {
        var grown = Set<Pair>()
        for index in places[pair] ?? [] {
            tally(index, sign: -1)
            let old = words[index].symbols
            var new: [Int] = []
            var at = 0
            while at < old.count {
                if at + 1 < old.count, old[at] == pair.left, old[at + 1] == pair.right {
                    new.append(token)
                    at += 2
                } else {
                    new.append(old[at])
                    at += 1
                }
            }
            words[index].symbols = new
            tally(index, sign: 1)
            for (left, right) in zip(new, new.dropFirst()) where left == token || right == token {
                grown.insert(Pair(left: left, right: right))
            }
        }
        counts[pair] = nil
        places[pair] = nil
        for pair in grown { propose(pair) }
    }

    private mutating func tally(_ index: Int, sign: Int) {
        let (symbols, count) = words[index]
        for (left, right) in zip(symbols, symbols.dropFirst()) {
            let pair = Pair(left: left, right: right)
            counts[pair, default: 0] += sign * count
            if sign > 0 { places[pair, default: []].insert(index) }
        }
    }
}
