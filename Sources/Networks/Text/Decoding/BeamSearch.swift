import Glibc
import Tensors

/// The likeliest sentences as far as a few beams see them (Graves 2012, arXiv 1211.3711, algorithm 1, with the length penalty of
/// Wu et al. 2016, arXiv 1609.08144, in transformers' form: log chances / length^penalty).
///
///     states: [B, M, C], mask: [B, M]
///     returns B lists of at most `returned` hypotheses, the best first
public struct BeamSearch: Sendable {
    /// When a source's search is over, besides at the greatest length.
    public enum Stopping: Sendable, Equatable {
        /// As soon as there are as many hypotheses as beams; transformers' `early_stopping=True`.
        case full
        /// When the best beam, ended now, would be no better than the worst hypothesis; `early_stopping=False`.
        case unlikely
        /// When the best beam could become no better at any length; `early_stopping="never"`.
        case hopeless
    }

    public var rules: DecodingRules
    public var beams: Int
    /// Above 0 longer sentences are favoured, below 0 shorter ones.
    public var lengthPenalty: Double
    public var stopping: Stopping
    public var returned: Int

    public init(
        _ rules: DecodingRules, beams: Int, lengthPenalty: Double = 1, stopping: Stopping = .unlikely, returned: Int = 1
    ) {
        require(0 < returned && returned <= beams, "BeamSearch: \(returned) hypotheses of \(beams) beams")
        self.rules = rules
        self.beams = beams
        self.lengthPenalty = lengthPenalty
        self.stopping = stopping
        self.returned = returned
    }

    public func callAsFunction(
        _ decoder: some SequenceDecoder, over states: Tensor, mask: Tensor? = nil
    ) -> [[Hypothesis]] {
        rules.check(decoder, "BeamSearch")
        return withoutGradients {
            let memory = decoder.memory(of: states, mask: mask)
            var sources = (0..<states.shape[0]).map { _ in Source() }
            var next = Tokens(sources.flatMap { _ in rules.beginning }, [sources.count, rules.beginning.count])
            while true {
                let rows = rowsOfDoubles(decoder.logits(after: next, memory))
                var (row, kept): (Int, [Int]) = (0, [])
                for s in sources.indices where !sources[s].isDone {
                    let first = row
                    row += sources[s].beams.count
                    kept += step(&sources[s], rows[first..<row]).map { first + $0 }
                }
                // At the greatest length at the latest.
                if kept.isEmpty { return sources.map { Array($0.hypotheses.prefix(returned)) } }
                memory.reorder(kept)
                let open = sources.lazy.filter { !$0.isDone }.flatMap(\.beams)
                next = Tokens(open.map { $0.tokens.last! }, [kept.count, 1])
            }
        }
    }

    /// A sentence that goes on.
    private struct Beam {
        var tokens: [Int32]
        /// Log chances, summed.
        var score: Double
    }

    /// The search for one source, which knows nothing of the others.
    private struct Source {
        var beams = [Beam(tokens: [], score: 0)]
        /// The best first.
        var hypotheses: [Hypothesis] = []
        var isDone = false

        mutating func add(_ hypothesis: Hypothesis, most: Int) {
            let place = hypotheses.firstIndex { $0.score < hypothesis.score } ?? hypotheses.count
            hypotheses.insert(hypothesis, at: place)
            if hypotheses.count > most { hypotheses.removeLast() }
        }
    }

    /// Takes one source a token further.
    ///
    /// - Parameter rows: the logits of its beams.
    /// - Returns: of which beam each new one is the continuation; none when the search is over.
    private func step(_ source: inout Source, _ rows: ArraySlice<[Double]>) -> [Int] {
        let length = source.beams[0].tokens.count + 1
        // So many that, all ends among the best of them put aside, every beam can go on.
        var best = Largest(count: max(2, 1 + rules.ends.count) * beams)
        for (b, (beam, row)) in zip(source.beams, rows).enumerated() {
            let total = logSumExp(row)
            let chances = rules.processed(row.map { $0 - total }, after: beam.tokens)
            for (token, chance) in chances.enumerated() where chance > -.infinity {
                best.add(Candidate(score: beam.score + chance, beam: b, token: Int32(token)))
            }
        }
        var (next, parents): ([Beam], [Int]) = ([], [])
        for (rank, candidate) in best.candidates.enumerated() {
            let beam = Beam(tokens: source.beams[candidate.beam].tokens + [candidate.token], score: candidate.score)
            let isEnded = rules.ends.contains(candidate.token)
            if isEnded || length == rules.length {
                // An end that is not among the best is no hypothesis.
                if rank < beams { source.add(hypothesis(beam, isEnded), most: beams) }
            } else if next.count < beams {
                next.append(beam)
                parents.append(candidate.beam)
            }
        }
        source.beams = next
        source.isDone = next.isEmpty || isOver(source, length)
        return source.isDone ? [] : parents
    }

    private func hypothesis(_ beam: Beam, _ isEnded: Bool) -> Hypothesis {
        Hypothesis(
            tokens: beam.tokens, score: beam.score / pow(Double(beam.tokens.count), lengthPenalty), isEnded: isEnded)
    }

    private func isOver(_ source: Source, _ length: Int) -> Bool {
        guard source.hypotheses.count == beams else { return false }
        if stopping == .full { return true }
        let favoured = stopping == .hopeless && lengthPenalty > 0 ? rules.length : length
        return source.beams[0].score / pow(Double(favoured), lengthPenalty) <= source.hypotheses.last!.score
    }
}

private struct Candidate {
    let score: Double
    let beam: Int
    let token: Int32
}

/// The best of many, in order; the earlier one among equals.
private struct Largest {
    let count: Int
    private(set) var candidates: [Candidate] = []

    init(count: Int) { self.count = count }

    mutating func add(_ candidate: Candidate) {
        if candidates.count == count, candidate.score <= candidates[count - 1].score { return }
        let place = candidates.firstIndex { $0.score < candidate.score } ?? candidates.count
        candidates.insert(candidate, at: place)
        if candidates.count > count { candidates.removeLast() }
    }
}
