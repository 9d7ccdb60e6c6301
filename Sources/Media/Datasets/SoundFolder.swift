import Tensors

/// Sounds of a folder, with captions from `metadata.jsonl` or `metadata.csv`, or from a table that lies elsewhere.
///
/// Without any of them the sounds have no captions. Where a sound has several, the epoch says which is given. The index is built once
/// and sorted by path.
public struct SoundFolder: Dataset {
    /// A CSV file whose rows name their files by their fields, as AudioCaps does: `Y{youtube_id}.wav`.
    public struct Table: Sendable, Equatable {
        public let path: String
        /// A file's name, with columns in braces.
        public let names: String

        public init(path: String, names: String) { (self.path, self.names) = (path, names) }
    }

    public struct Entry: Sendable, Equatable {
        /// Relative to the folder.
        public let path: String
        public let captions: [String]
    }

    public let folder: String
    public let entries: [Entry]
    /// Sounds in the folder that no row names.
    public let unmatchedFiles: [String]
    /// Files that rows name and the folder lacks, with their line.
    public let unmatchedRows: [String]
    private let seed: UInt64

    public var count: Int { entries.count }

    public var remarks: [String] {
        Self.counted(unmatchedRows, "rows without a file in \(folder)")
            + Self.counted(unmatchedFiles, "files in \(folder) that nothing names")
    }

    /// - Parameters:
    ///   - captionColumn: the column that holds the caption.
    ///   - split: keeps the rows whose column `split` says so, where there is such a column.
    public init(
        _ folder: String, table: Table? = nil, captionColumn: String = "text", split: Split? = nil, seed: UInt64 = 0
    ) throws {
        self.folder = folder
        self.seed = seed
        guard folderExists(folder) else { throw InputError("no such folder", at: folder) }
        let sounds = try listFiles(under: folder).filter(SoundReader.isSound)
        let rows = try table.map(Self.rows) ?? Metadata.path(in: folder).map { path in (path, try Metadata(path: path).rows) }
        if let (path, rows) = rows {
            let present = Set(sounds)
            let splits = split != nil && rows.contains { $0.fields["split"] != nil }
            var captions: [String: [String]] = [:]
            var missing: [String] = []
            for row in rows where !splits || row.fields["split"]?.text == split?.rawValue {
                guard present.contains(row.fileName) else {
                    missing.append("\(row.fileName) (line \(row.line))")
                    continue
                }
                captions[row.fileName, default: []].append(try row.caption(under: captionColumn, in: path))
            }
            let named = Set(rows.map(\.fileName))
            entries = captions.map { Entry(path: $0.key, captions: $0.value) }
                .sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
            unmatchedFiles = sounds.filter { !named.contains($0) }
            unmatchedRows = missing
        } else {
            entries = sounds.map { Entry(path: $0, captions: []) }
            unmatchedFiles = []
            unmatchedRows = []
        }
        if entries.isEmpty {
            throw InputError(
                "holds no usable sound", at: folder, expected: "WAV, FLAC, OGG or MP3 files",
                found: unmatchedRows.isEmpty ? nil : "\(unmatchedRows.count) rows without a file, first \(unmatchedRows[0])")
        }
    }

    /// Of a table with a row for each caption; one file may have several.
    private static func rows(_ table: Table) throws -> (path: String, rows: [Metadata.Row]) {
        let csv = try CSV(try AtomicFile.read(table.path), file: table.path)
        for name in names(in: table.names) where !csv.columns.contains(name) {
            throw InputError(
                "names a column that is not there", at: table.names, expected: csv.columns.joined(separator: ", "), found: name)
        }
        let rows = csv.rows.map { row in
            let fields = Dictionary(uniqueKeysWithValues: zip(csv.columns, row.fields))
            let name = fields.reduce(table.names) { $0.replacing("{\($1.key)}", with: $1.value) }
            return Metadata.Row(fileName: name, line: row.line, fields: fields.mapValues { .text($0) })
        }
        return (table.path, rows)
    }

    /// What stands in braces.
    private static func names(in template: String) -> [String] {
        template.split(separator: "{", omittingEmptySubsequences: false).dropFirst().map { String($0.prefix { $0 != "}" }) }
    }

    public func example(_ index: Int, epoch: Int) throws -> Example {
        var example = words(index, epoch: epoch)
        example.sound = try Sound.read(folder + "/" + entries[index].path)
        return example
    }

    public func words(_ index: Int, epoch: Int) -> Example {
        let entry = entries[index]
        guard !entry.captions.isEmpty else { return Example(name: entry.path) }
        var generator = KeyedGenerator(seed, UInt64(epoch), UInt64(index))
        return Example(caption: entry.captions[generator.below(entry.captions.count)], name: entry.path)
    }
}
