import Foundation
import Tensors

/// What a `metadata.jsonl` or `metadata.csv` says about each file of a folder.
public struct Metadata: Sendable {
    /// One row: the file it is about and where the row stands.
    public struct Row: Sendable {
        public let fileName: String
        public let line: Int
        /// The other columns.
        public let fields: [String: Field]

        /// The text under a column; throws where there is none, with the nearest column's name.
        ///
        /// - Parameter path: of the file that the row stands in.
        func caption(under column: String, in path: String) throws(InputError) -> String {
            guard let caption = fields[column]?.text else {
                throw InputError(
                    "no caption", at: "\(path):\(line)", expected: "text under \"\(column)\"",
                    found: fields.keys.sorted().joined(separator: ", "),
                    hint: nearestName(to: column, among: fields.keys).map { "did you mean \($0)?" })
            }
            return caption
        }
    }

    public enum Field: Sendable, Equatable {
        case text(String)
        case number(Double)
        case texts([String])
        /// By key, as the emoji's names by language.
        case textsByKey([String: [String]])
        case other

        public var text: String? {
            switch self {
            case .text(let text): text
            case .number(let number):
                Int64(exactly: number).map { String($0) } ?? String(number)
            default: nil
            }
        }
    }

    public let path: String
    public let rows: [Row]

    /// The metadata file of a folder, if it has one; throws where it has two.
    static func path(in folder: String) throws(InputError) -> String? {
        let found = ["metadata.jsonl", "metadata.csv"].map { folder + "/" + $0 }.filter(fileExists)
        if found.count > 1 {
            throw InputError("has two metadata files", at: folder, expected: "metadata.jsonl or metadata.csv")
        }
        return found.first
    }

    /// Reads JSON lines or CSV, as the path ends.
    public init(path: String) throws {
        try self.init(bytes: AtomicFile.read(path), path: path)
    }

    /// - Parameter path: names the file in errors and tells `.csv` from JSON lines.
    public init(bytes: [UInt8], path: String) throws {
        self.path = path
        rows = path.hasSuffix(".csv") ? try Self.csvRows(bytes, path) : try Self.jsonRows(bytes, path)
        var seen: [String: Int] = [:]
        for row in rows {
            if let first = seen.updateValue(row.line, forKey: row.fileName) {
                throw InputError(
                    "file named twice", at: "\(path):\(row.line)", found: row.fileName,
                    hint: "first on line \(first)")
            }
        }
    }

    private static func csvRows(_ bytes: [UInt8], _ path: String) throws -> [Row] {
        let table = try CSV(bytes, file: path)
        guard let nameColumn = table.columns.firstIndex(of: "file_name") else {
            throw InputError(
                "no column file_name", at: path, expected: "file_name",
                found: table.columns.joined(separator: ", "))
        }
        return try table.rows.map { row in
            var fields: [String: Field] = [:]
            for (column, text) in zip(table.columns, row.fields) where column != "file_name" {
                fields[column] = .text(text)
            }
            return try Row(
                fileName: checked(row.fields[nameColumn], at: "\(path):\(row.line)"), line: row.line,
                fields: fields)
        }
    }

    private static func jsonRows(_ bytes: [UInt8], _ path: String) throws -> [Row] {
        var rows: [Row] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, bytes) in lines.enumerated() {
            if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            let place = "\(path):\(number + 1)"
            var fields = try jsonObject(Array(bytes), at: place)
            guard case .text(let name)? = fields.removeValue(forKey: "file_name") else {
                throw InputError("no file_name", at: place, expected: "a string under \"file_name\"")
            }
            rows.append(try Row(fileName: checked(name, at: place), line: number + 1, fields: fields))
        }
        return rows
    }

    /// A name that stays inside its folder.
    private static func checked(_ name: String, at place: String) throws -> String {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !name.isEmpty, !name.contains("\0"), !parts.contains(""), !parts.contains("..") else {
            throw InputError(
                "file_name leaves its folder", at: place,
                expected: "a path relative to the folder, without ..",
                found: name)
        }
        return parts.filter { $0 != "." }.joined(separator: "/")
    }
}

/// The one place where JSON is read in this module.
private func jsonObject(_ bytes: [UInt8], at place: String) throws -> [String: Metadata.Field] {
    guard let value = try? JSONSerialization.jsonObject(with: Data(bytes)),
        let object = value as? [String: Any]
    else {
        throw InputError("is not a JSON object", at: place, expected: "one object a line")
    }
    return object.mapValues { value in
        switch value {
        case let text as String: return .text(text)
        case let number as NSNumber: return .number(number.doubleValue)
        case let texts as [String]: return .texts(texts)
        case let texts as [String: String]: return .textsByKey(texts.mapValues { [$0] })
        case let texts as [String: [String]]: return .textsByKey(texts)
        default: return .other
        }
    }
}
