import Tensors

/// Sentences of a text file, one a line. White space at both ends does not count, nor do empty lines.
///
/// A folder with `train.txt` and `held-out.txt` is split already; of a single file a share is held out.
public struct TextLines: Dataset {
    /// What no sentence reaches: a file with a longer line is no file of lines.
    static let longest = 1 << 20

    public let path: String
    public let sentences: [String]
    private let emptyLines: Int

    public var count: Int { sentences.count }

    public var remarks: [String] { emptyLines == 0 ? [] : ["\(emptyLines) empty lines of \(path) are left out"] }

    /// - Parameters:
    ///   - split: nil keeps both parts.
    ///   - heldOut: share of a single file that training never sees.
    public init(_ path: String, split: Split? = nil, heldOut: Double = 0.05) throws {
        let isFolder = folderExists(path)
        let parts = isFolder ? (split.map { [$0] } ?? Split.allCases).map { "\(path)/\($0.rawValue).txt" } : [path]
        var (sentences, empty) = ([String](), 0)
        for part in parts {
            for line in try Self.lines(try AtomicFile.read(part), part) {
                if line.isEmpty {
                    empty += 1
                } else if isFolder || split == nil || SentenceSplit.split(of: line, heldOut: heldOut) == split {
                    sentences.append(line)
                }
            }
        }
        self.path = path
        self.sentences = sentences
        emptyLines = empty
        if sentences.isEmpty { throw InputError("holds no sentences", at: parts[0], expected: "one a line") }
    }

    /// Lines without white space at their ends; an end of the file behind the last line's end is no line.
    static func lines(_ bytes: [UInt8], _ path: String) throws(InputError) -> [String] {
        var parts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        var lines: [String] = []
        lines.reserveCapacity(parts.count)
        for (number, part) in parts.enumerated() {
            let place = "\(path):\(number + 1)"
            guard part.count <= longest else {
                throw InputError("line too long", at: place, expected: "at most \(longest) bytes", found: "\(part.count)")
            }
            guard let text = String(validating: part, as: UTF8.self) else {
                throw InputError("is not UTF-8 text", at: place, expected: "text in UTF-8")
            }
            lines.append(trimmed(text))
        }
        return lines
    }

    public func example(_ index: Int, epoch: Int) -> Example { Example(text: sentences[index], name: "line \(index + 1)") }
}

/// Without white space at both ends.
func trimmed(_ text: String) -> String {
    var scalars = text.unicodeScalars[...]
    while scalars.first?.properties.isWhitespace == true { scalars.removeFirst() }
    while scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
    return String(scalars)
}
