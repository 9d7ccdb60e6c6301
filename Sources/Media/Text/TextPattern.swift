import Tensors

/// A regular expression over scalars, of the dialect in which tokenizer files are written (Oniguruma's).
///
/// It knows what published files use: literals, classes with ranges, nesting and Unicode's general categories,
/// groups, alternation, greedy and possessive repetition, letter case, `^ $`, looking ahead. `TextPatternReader`
/// refuses the rest.
package struct TextPattern: Sendable {
    /// A step of the program that a pattern is compiled to.
    enum Instruction: Sendable {
        case one(ScalarSet)
        /// As many scalars as there are; the matcher gives them back one by one unless `isPossessive`.
        case run(ScalarSet, least: Int, most: Int, isPossessive: Bool)
        /// Both ways, the first preferred.
        case fork(Int, Int)
        case jump(Int)
        /// Whether what follows up to `end` matches here, taking nothing.
        case look(end: Int, isNegative: Bool)
        case lineStart
        case lineEnd
        case match
    }

    let program: [Instruction]

    init(program: [Instruction]) {
        self.program = program
    }

    /// The pattern that matches `text` and nothing else.
    init(literal text: String) {
        program = text.unicodeScalars.map { .one(ScalarSet($0)) } + [.match]
    }

    /// Reads `{"String": "..."}` or `{"Regex": "..."}`.
    package init(_ field: JSONField) throws(InputError) {
        if let literal = try field.optional("String") {
            self.init(literal: try literal.string())
        } else if let expression = try field.optional("Regex") {
            self = try TextPatternReader.read(expression)
        } else {
            throw field.mismatch("{\"String\": ...} or {\"Regex\": ...}")
        }
    }

    /// Where the pattern matches, from left to right; an empty match does not follow another match at once, and
    /// nothing matches in an empty text.
    package func matches(in text: ArraySlice<Unicode.Scalar>) -> [Range<Int>] {
        var matches: [Range<Int>] = []
        var at = text.startIndex
        while at <= text.endIndex, !text.isEmpty {
            guard let end = end(of: text, from: at, at: 0), end > at || matches.last?.upperBound != at else {
                at += 1
                continue
            }
            matches.append(at..<end)
            at = max(end, at)
            if end == matches.last?.lowerBound { at += 1 }
        }
        return matches
    }

    /// `text` with every match replaced.
    func replacing(in text: [Unicode.Scalar], with replacement: [Unicode.Scalar]) -> [Unicode.Scalar] {
        let matches = matches(in: text[...])
        guard !matches.isEmpty else { return text }
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(text.count)
        var at = 0
        for match in matches {
            result += text[at..<match.lowerBound]
            result += replacement
            at = match.upperBound
        }
        return result + text[at...]
    }

    private struct Alternative {
        let step: Int
        let at: Int
        /// Where `at` may shrink to, a scalar at a time.
        let least: Int
    }

    /// The end of the match that begins at `start`, by the program from step `entry`: a depth-first search that
    /// comes to no fork twice at one place, so that no pattern takes more than steps times scalars.
    private func end(of text: ArraySlice<Unicode.Scalar>, from start: Int, at entry: Int) -> Int? {
        var alternatives: [Alternative] = []
        var seen = Set<Int>()
        var (step, at) = (entry, start)
        while true {
            var succeeds = false
            switch program[step] {
            case .match: return at
            case .one(let set):
                if at < text.endIndex, set.contains(text[at]) {
                    at += 1
                    step += 1
                    succeeds = true
                }
            case .run(let set, let least, let most, let isPossessive):
                let limit = most < text.endIndex - at ? at + most : text.endIndex
                var end = at
                while end < limit, set.contains(text[end]) { end += 1 }
                if end - at >= least {
                    if !isPossessive, end - at > least {
                        alternatives.append(Alternative(step: step + 1, at: end - 1, least: at + least))
                    }
                    at = end
                    step += 1
                    succeeds = true
                }
            case .fork(let first, let second):
                if seen.insert(step * (text.count + 1) + at - text.startIndex).inserted {
                    alternatives.append(Alternative(step: second, at: at, least: at))
                    step = first
                    succeeds = true
                }
            case .jump(let target):
                step = target
                succeeds = true
            case .look(let end, let isNegative):
                if (self.end(of: text, from: at, at: step + 1) == nil) == isNegative {
                    step = end
                    succeeds = true
                }
            case .lineStart:
                succeeds = at == text.startIndex || (text[at - 1] == "\n" && at < text.endIndex)
                step += 1
            case .lineEnd:
                succeeds = at == text.endIndex || text[at] == "\n"
                step += 1
            }
            if succeeds { continue }
            guard let last = alternatives.popLast() else { return nil }
            (step, at) = (last.step, last.at)
            if last.at > last.least {
                alternatives.append(Alternative(step: last.step, at: last.at - 1, least: last.least))
            }
        }
    }
}
