import Tensors

/// Texts with the texts that they are to be made into: of a `.tsv` file the first two columns, of `.csv` and `.jsonl` two named ones.
public struct TextPairs: Dataset {
    public struct Pair: Sendable, Equatable {
        public let source, target: String

        public init(source: String, target: String) { (self.source, self.target) = (source, target) }
    }

    public let pairs: [Pair]
    public var count: Int { pairs.count }

    /// - Parameters:
    ///   - split: nil keeps both parts; told by the source, so that no source is in both.
    ///   - heldOut: share that training never sees.
    public init(
        _ path: String, source: String = "source", target: String = "target", split: Split? = nil, heldOut: Double = 0.05
    ) throws {
        let all = try Self.rows(path, source, target)
        pairs = all.filter { split == nil || SentenceSplit.split(of: $0.source, heldOut: heldOut) == split }
        if pairs.isEmpty { throw InputError("holds no pairs of texts", at: path) }
    }

    private static func rows(_ path: String, _ source: String, _ target: String) throws -> [Pair] {
        if path.hasSuffix(".csv") {
            let table = try CSV(try AtomicFile.read(path), file: path)
            let columns = try [source, target].map { name throws(InputError) in
                guard let column = table.columns.firstIndex(of: name) else {
                    throw InputError(
                        "no column \(name)", at: path, expected: table.columns.joined(separator: ", "),
                        hint: nearestName(to: name, among: table.columns).map { "did you mean \($0)?" })
                }
                return column
            }
            return table.rows.map { Pair(source: trimmed($0.fields[columns[0]]), target: trimmed($0.fields[columns[1]])) }
        }
        let lines = try TextLines.lines(try AtomicFile.read(path), path)
        return try lines.enumerated().filter { !$1.isEmpty }.map { number, line in
            let place = "\(path):\(number + 1)"
            if path.hasSuffix(".jsonl") {
                let row = JSONField(try JSON.parse(line, file: place), in: place)
                return Pair(source: try row.field(source).string(), target: try row.field(target).string())
            }
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard columns.count >= 2 else {
                throw InputError(
                    "is no pair", at: place, expected: "two texts with a tab between", found: "\(columns.count) column")
            }
            return Pair(source: trimmed(String(columns[0])), target: trimmed(String(columns[1])))
        }
    }

    public func example(_ index: Int, epoch: Int) -> Example {
        Example(caption: pairs[index].source, text: pairs[index].target, name: "pair \(index + 1)")
    }
}
