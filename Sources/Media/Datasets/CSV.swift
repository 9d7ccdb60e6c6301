import Tensors

/// Rows of comma-separated values by RFC 4180: quoted fields may hold commas, line breaks and doubled quotes.
///
/// The first row names the columns; every row must have as many fields.
public struct CSV: Sendable {
    public let columns: [String]
    /// Rows after the first, each with the line of the file it begins on.
    public let rows: [(line: Int, fields: [String])]

    public init(_ bytes: [UInt8], file: String) throws {
        var scanner = Scanner(bytes: bytes, file: file)
        guard let head = try scanner.row() else {
            throw InputError("is empty", at: file, expected: "a row of column names")
        }
        columns = head.fields
        if let twice = Dictionary(grouping: columns, by: { $0 }).first(where: { $0.value.count > 1 }) {
            throw InputError("column named twice", at: "\(file):1", found: twice.key)
        }
        var rows: [(line: Int, fields: [String])] = []
        while let row = try scanner.row() {
            if row.fields == [""] { continue }  // an empty line
            guard row.fields.count == columns.count else {
                throw InputError(
                    "wrong number of fields", at: "\(file):\(row.line)", expected: "\(columns.count)",
                    found: "\(row.fields.count)")
            }
            rows.append(row)
        }
        self.rows = rows
    }

    private struct Scanner {
        let bytes: [UInt8]
        let file: String
        var at = 0
        var line = 1

        init(bytes: [UInt8], file: String) {
            self.bytes = bytes
            self.file = file
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }  // byte order mark
        }

        mutating func row() throws -> (line: Int, fields: [String])? {
            guard at < bytes.count else { return nil }
            let start = line
            var fields: [String] = []
            while true {
                fields.append(try field())
                guard at < bytes.count else { break }
                let separator = bytes[at]
                at += 1
                if separator == UInt8(ascii: ",") { continue }
                if separator == UInt8(ascii: "\r"), at < bytes.count, bytes[at] == UInt8(ascii: "\n") {
                    at += 1
                }
                line += 1
                break
            }
            return (start, fields)
        }

        private mutating func field() throws -> String {
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
                let start = at
                while at < bytes.count, !Self.ends(bytes[at]) { at += 1 }
                return try text(bytes[start..<at])
            }
            let opened = line
            var content: [UInt8] = []
            at += 1
            while at < bytes.count {
                let byte = bytes[at]
                at += 1
                if byte == UInt8(ascii: "\n") { line += 1 }
                guard byte == UInt8(ascii: "\"") else {
                    content.append(byte)
                    continue
                }
                if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
                    content.append(byte)
                    at += 1
                } else if at == bytes.count || Self.ends(bytes[at]) {
                    return try text(content[...])
                } else {
                    throw InputError(
                        "text after a closing quote", at: "\(file):\(line)",
                        expected: "a comma or the end of the line")
                }
            }
            throw InputError("quoted field is never closed", at: "\(file):\(opened)")
        }

        private func text(_ bytes: ArraySlice<UInt8>) throws -> String {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw InputError("is not UTF-8", at: "\(file):\(line)")
            }
            return text
        }

        private static func ends(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
        }
    }
}
