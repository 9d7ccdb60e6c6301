/// Expected output in which `...` stands for anything: alone on a line for any lines, within a line for any characters.
struct OutputPattern {
    private let lines: [String]

    init(_ text: String) { lines = Self.lines(text) }

    /// The first expected line that is not found, or nil when the whole output is as expected.
    func mismatch(with output: String) -> String? {
        let found = Self.lines(output)
        // reachable[i]: the pattern's first lines match the first i lines found.
        var reachable = [Bool](repeating: false, count: found.count + 1)
        reachable[0] = true
        for line in lines {
            var next = [Bool](repeating: false, count: found.count + 1)
            if line == "..." {
                var open = false
                for i in reachable.indices {
                    open = open || reachable[i]
                    next[i] = open
                }
            } else {
                for i in found.indices where reachable[i] && Self.fits(line, found[i]) { next[i + 1] = true }
            }
            guard next.contains(true) else {
                let stood = reachable.lastIndex(of: true) ?? 0
                return "expected '\(line)', found " + (stood < found.count ? "'\(found[stood])'" : "the end")
            }
            reachable = next
        }
        if reachable[found.count] { return nil }
        return "expected the end, found '\(found[reachable.lastIndex(of: true) ?? 0])'"
    }

    /// Pieces between the dots must come in order, the first at the start and the last at the end.
    private static func fits(_ pattern: String, _ line: String) -> Bool {
        let pieces = pattern.split(separator: "...", omittingEmptySubsequences: false)
        guard pieces.count > 1, let first = pieces.first, let last = pieces.last else { return pattern == line }
        guard line.hasPrefix(first), line.count >= first.count + last.count, line.hasSuffix(last) else { return false }
        var rest = line.dropFirst(first.count).dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let range = rest.firstRange(of: piece) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }

    /// Without spaces at the ends of lines and without empty lines at the end.
    private static func lines(_ text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var line = line
            while line.last?.isWhitespace == true { line.removeLast() }
            return String(line)
        }
        while lines.last == "" { lines.removeLast() }
        return lines
    }
}
