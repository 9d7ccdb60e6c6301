import Tensors

/// The fewest insertions, deletions and substitutions that make b of a (Levenshtein 1966).
public func editDistance<Element: Equatable>(_ a: [Element], _ b: [Element]) -> Int {
    // Distances from the first i of a to the first j of b, for one i at a time.
    var row = Array(0...b.count)
    for i in a.indices {
        var diagonal = row[0]
        row[0] = i + 1
        for j in b.indices {
            let above = row[j + 1]
            row[j + 1] = min(diagonal + (a[i] == b[j] ? 0 : 1), above + 1, row[j] + 1)
            diagonal = above
        }
    }
    return row[b.count]
}

/// Edits that hypotheses need to become their references, over all texts.
public struct ErrorRate: Sendable, Equatable {
    public let edits: Int
    /// Words or characters of the references.
    public let referenceLength: Int
    /// The same of the longer one of each two.
    public let longerLength: Int

    /// Edits for each word or character of the references: more than 1 where hypotheses are much longer.
    public var rate: Double { ratio(edits, referenceLength) }
    /// Edits for each of the longer text's: 0 to 1.
    public var normalised: Double { ratio(edits, longerLength) }

    /// Word error rate; words lie between white space.
    public static func words(_ hypotheses: [String], _ references: [String]) -> ErrorRate {
        ErrorRate(hypotheses.map { Metrics.words(of: $0) }, references.map { Metrics.words(of: $0) })
    }

    /// Character error rate over Unicode scalars; white space around a text does not count.
    public static func characters(_ hypotheses: [String], _ references: [String]) -> ErrorRate {
        func stripped(_ text: String) -> Word {
            let text = Array(text.unicodeScalars).drop(while: isSpace)
            return Array(text[..<((text.lastIndex { !isSpace($0) } ?? text.startIndex - 1) + 1)])
        }
        return ErrorRate(hypotheses.map(stripped), references.map(stripped))
    }

    public init<Element: Equatable>(_ hypotheses: [[Element]], _ references: [[Element]]) {
        require(hypotheses.count == references.count, "ErrorRate: \(hypotheses.count) hypotheses, \(references.count) references")
        edits = zip(hypotheses, references).reduce(0) { $0 + editDistance($1.0, $1.1) }
        referenceLength = references.reduce(0) { $0 + $1.count }
        longerLength = zip(hypotheses, references).reduce(0) { $0 + max($1.0.count, $1.1.count) }
    }

    /// Nothing to do is no error, also of nothing.
    private func ratio(_ edits: Int, _ length: Int) -> Double { edits == 0 ? 0 : Double(edits) / Double(length) }
}

/// The share of hypotheses that are, scalar for scalar, one of their references.
public func exactMatch(_ hypotheses: [String], _ references: [[String]]) -> Double {
    require(
        !hypotheses.isEmpty && hypotheses.count == references.count,
        "exactMatch: \(hypotheses.count) hypotheses, references for \(references.count)")
    let matches = zip(hypotheses, references).count { hypothesis, references in
        references.contains { $0.unicodeScalars.elementsEqual(hypothesis.unicodeScalars) }
    }
    return Double(matches) / Double(hypotheses.count)
}
