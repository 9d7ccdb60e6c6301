/// Something a person gave us is wrong: a file, a key, a flag. One line says what, where, what was expected and what was found.
///
/// The command line turns it into exit code 2. Programming mistakes (shapes, ranks) are preconditions instead.
public struct InputError: Error, CustomStringConvertible, Equatable, Sendable {
    /// What is wrong, as a clause without a full stop.
    public let what: String
    /// File, key path, line or flag.
    public let place: String?
    public let expected: String?
    public let found: String?
    /// What to do instead, or the nearest valid name.
    public let hint: String?

    public init(
        _ what: String, at place: String? = nil, expected: String? = nil, found: String? = nil, hint: String? = nil
    ) {
        self.what = what
        self.place = place
        self.expected = expected
        self.found = found
        self.hint = hint
    }

    public var description: String {
        var line = place.map { "\($0): \(what)" } ?? what
        if let expected { line += "; expected \(expected)" }
        if let found { line += "; found \(found)" }
        if let hint { line += " (\(hint))" }
        return line.split(separator: "\n", omittingEmptySubsequences: true).joined(separator: " ")
    }
}

/// Work that failed through no fault of the input: disk full, non-finite loss, memory budget. Exit code 1.
public struct WorkError: Error, CustomStringConvertible, Equatable, Sendable {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}

/// The name in `candidates` that differs from `name` by the fewest edits, if any is close enough to be a slip.
public func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    let limit = max(2, name.count / 3)
    return candidates.map { ($0, editDistance(name, $0)) }.filter { $0.1 <= limit }.min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
}

private func editDistance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    var row = Array(0...b.count)
    for i in a.indices {
        var diagonal = row[0]
        row[0] = i + 1
        for j in b.indices {
            let substituted = diagonal + (a[i] == b[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
        }
    }
    return row[b.count]
}

/// How one of the dotted `names` begins that is nearest to `beginning`, with as many parts.
public func nearestBeginning(to beginning: String, among names: some Sequence<String>) -> String? {
    let depth = beginning.split(separator: ".").count
    let beginnings = Set(names.map { $0.split(separator: ".").prefix(depth).joined(separator: ".") })
    return nearestName(to: beginning, among: beginnings.sorted())
}
