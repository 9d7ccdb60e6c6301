import Glibc
import Networks
import Tensors

/// A decoder whose next token depends on the source and the last token alone, by a table; all that it may say can be counted.
///
///     states: [B, 1, 1], the number of the source
struct TableDecoder: SequenceDecoder {
    /// Of each source and last token.
    let table: [[[Float]]]
    var vocabulary: Int { table[0][0].count }
    var longest: Int? { nil }

    /// Random logits, the same for a seed.
    init(sources: Int, vocabulary: Int, seed: UInt64) {
        let values = (Noise(seed: seed)("table").normal([sources, vocabulary, vocabulary]) * 1.5).values
        table = (0..<sources).map { s in
            (0..<vocabulary).map { t in Array(values[(s * vocabulary + t) * vocabulary..<(s * vocabulary + t + 1) * vocabulary]) }
        }
    }

    func states(_ sources: [Int]) -> Tensor { Tensor(sources.map(Float.init), [sources.count, 1, 1]) }

    func memory(of states: Tensor, mask: Tensor?) -> DecoderMemory {
        DecoderMemory(rows: states.shape[0], heard: [states], mask: mask)
    }

    func logits(after ids: Tokens, _ memory: DecoderMemory) -> Tensor {
        let (R, n) = (ids.shape[0], ids.shape[1])
        // What was said is kept too, and must be of the row that goes on.
        let last = (0..<R).map { ids.values[$0 * n + n - 1] }
        _ = memory.said[0].append(Tensor(last.map(Float.init), [R, 1, 1]))
        memory.advance(by: n)
        let sources = memory.heard[0].values.map { Int($0) }
        return Tensor((0..<R).flatMap { table[sources[$0]][Int(last[$0])] }, [R, vocabulary])
    }

    /// Every sentence that rules allow, with its log chances after the processors.
    func sentences(of source: Int, _ rules: DecodingRules) -> [(tokens: [Int32], score: Double)] {
        var (open, closed): ([(tokens: [Int32], score: Double)], [(tokens: [Int32], score: Double)]) = ([([], 0)], [])
        while !open.isEmpty {
            let (tokens, score) = open.removeLast()
            let all = rules.beginning + tokens
            var row = table[source][Int(all.last!)].map(Double.init)
            for processor in rules.processors { processor.process(&row, after: SaidTokens(all: all, new: tokens.count)) }
            let chances = normalised(row)
            for (token, chance) in chances.enumerated() where chance > -.infinity {
                let longer = (tokens: tokens + [Int32(token)], score: score + chance)
                if rules.ends.contains(Int32(token)) || longer.tokens.count == rules.length {
                    closed.append(longer)
                } else {
                    open.append(longer)
                }
            }
        }
        return closed
    }
}

/// Log chances, in double precision.
func normalised(_ row: [Double]) -> [Double] {
    let total = log(row.reduce(0) { $0 + exp($1) })
    return row.map { $0 - total }
}
