import Tensors

/// Pictures of a folder, with captions from `metadata.jsonl` or `metadata.csv`, or with the classes of its
/// subfolders.
///
/// Without a metadata file, the subfolders in alphabetical order are the classes, and a class's name is the
/// caption; pictures straight in a folder without subfolders have neither. The index is built once and sorted
/// by path.
public struct ImageFolder: Dataset {
    /// How a picture is brought to the size of the model.
    public struct Preparation: Sendable, Equatable {
        /// The centred square, resized to this side; nil leaves the picture as it is.
        public var size: Int?
        public var filter: Resampling
        /// Mirrors every second picture, drawn for (seed, epoch, index).
        public var flip: Bool
        public var seed: UInt64

        public init(size: Int? = nil, filter: Resampling = .bicubic, flip: Bool = false, seed: UInt64 = 0) {
            self.size = size
            self.filter = filter
            self.flip = flip
            self.seed = seed
        }

        func prepared(_ picture: Picture, index: Int, epoch: Int) -> Picture {
            var picture = picture.rgb
            if let size { picture = picture.fitted(to: size, filter) }
            if flip {
                var generator = KeyedGenerator(seed, UInt64(epoch), UInt64(index))
                if generator.below(2) == 1 { picture = picture.flippedHorizontally }
            }
            return picture
        }
    }

    public struct Entry: Sendable, Equatable {
        /// Relative to the folder.
        public let path: String
        public let caption: String?
        public let label: Int?
    }

    public let folder: String
    public let entries: [Entry]
    public let classNames: [String]
    public let preparation: Preparation
    /// Pictures in the folder that the metadata does not name.
    public let unmatchedFiles: [String]
    /// Files that the metadata names and the folder lacks, with their line.
    public let unmatchedRows: [String]

    public var count: Int { entries.count }

    public var remarks: [String] {
        Self.counted(unmatchedRows, "rows without a file in \(folder)")
            + Self.counted(unmatchedFiles, "files in \(folder) that nothing names")
    }

    private static let suffixes = [".png", ".jpg", ".jpeg"]

    /// - Parameter captionColumn: the metadata's column that holds the caption.
    /// - Parameter split: keeps the rows whose column `split` says so; nil keeps all.
    public init(
        _ folder: String, captionColumn: String = "text", split: String? = nil,
        preparation: Preparation = Preparation()
    ) throws {
        self.folder = folder
        self.preparation = preparation
        guard folderExists(folder) else { throw InputError("no such folder", at: folder) }
        let pictures = try listFiles(under: folder).filter { path in
            Self.suffixes.contains { path.lowercased().hasSuffix($0) }
        }
        if let path = try Metadata.path(in: folder) {
            let rows = try Metadata(path: path)
            let matched = try Self.matched(rows, pictures, captionColumn, split)
            entries = matched.entries
            unmatchedFiles = matched.files
            unmatchedRows = matched.rows
            classNames = []
        } else {
            if let split {
                throw InputError("has no metadata to find the split in", at: folder, found: "split \(split)")
            }
            let (found, names) = Self.byClass(pictures)
            entries = found
            classNames = names
            unmatchedFiles = names.isEmpty ? [] : pictures.filter { !$0.contains("/") }
            unmatchedRows = []
        }
        if entries.isEmpty {
            throw InputError(
                "holds no usable picture", at: folder, expected: "PNG or JPEG files",
                found: unmatchedRows.isEmpty ? nil : "\(unmatchedRows.count) rows without a file")
        }
    }

    private static func matched(
        _ metadata: Metadata, _ pictures: [String], _ column: String, _ split: String?
    ) throws -> (entries: [Entry], files: [String], rows: [String]) {
        let present = Set(pictures)
        var entries: [Entry] = []
        var missing: [String] = []
        var named: Set<String> = []
        for row in metadata.rows {
            named.insert(row.fileName)
            if let split, row.fields["split"]?.text != split { continue }
            guard present.contains(row.fileName) else {
                missing.append("\(row.fileName) (line \(row.line))")
                continue
            }
            let caption = try row.caption(under: column, in: metadata.path)
            entries.append(Entry(path: row.fileName, caption: caption, label: nil))
        }
        entries.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        return (entries, pictures.filter { !named.contains($0) }, missing)
    }

    private static func byClass(_ pictures: [String]) -> (entries: [Entry], classNames: [String]) {
        let classOf = { (path: String) -> String? in
            path.contains("/") ? String(path.prefix { $0 != "/" }) : nil
        }
        let names = Set(pictures.compactMap(classOf)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        if names.isEmpty { return (pictures.map { Entry(path: $0, caption: nil, label: nil) }, []) }
        let labels = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        let entries = pictures.compactMap { path in
            classOf(path).map { Entry(path: path, caption: $0, label: labels[$0]) }
        }
        return (entries, names)
    }

    public func example(_ index: Int, epoch: Int) throws -> Example {
        let entry = entries[index]
        let picture = preparation.prepared(try Picture.read(folder + "/" + entry.path), index: index, epoch: epoch)
        return Example(picture: picture, caption: entry.caption, label: entry.label, name: entry.path)
    }
}
