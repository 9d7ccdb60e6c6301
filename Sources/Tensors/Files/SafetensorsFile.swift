/// A safetensors file, mapped and checked before anything of it is used.
public final class SafetensorsFile: Sendable {
    public let path: String
    /// Ordered by place in the file.
    public let entries: [SafetensorsEntry]
    /// The string pairs under `__metadata__`.
    public let metadata: [String: String]

    private let storage: MappedFile
    private let bufferStart: Int
    private let index: [ExactString: Int]

    public convenience init(_ path: String) throws(InputError) {
        try self.init(MappedFile(path))
    }

    /// The same over a copy of `content`; `name` stands for the path in messages.
    public convenience init(copying content: [UInt8], name: String) throws(InputError) {
        try self.init(MappedFile(copying: content, name: name))
    }

    private init(_ storage: MappedFile) throws(InputError) {
        let header = try SafetensorsHeader(storage.bytes, file: storage.path)
        self.storage = storage
        path = storage.path
        entries = header.entries
        metadata = header.metadata
        bufferStart = header.bufferStart
        index = Dictionary(
            uniqueKeysWithValues: header.entries.enumerated().map { (ExactString($1.name), $0) })
    }

    /// The entry of that name, if there is one.
    public subscript(_ name: String) -> SafetensorsEntry? {
        index[ExactString(name)].map { entries[$0] }
    }

    /// The entry of that name; the complaint names the nearest one there is.
    public func entry(_ name: String) throws(InputError) -> SafetensorsEntry {
        if let entry = self[name] { return entry }
        let near = nearestName(to: name, among: entries.lazy.map(\.name))
        throw InputError("tensor \"\(name)\" is missing", at: path, hint: near.map { "there is \"\($0)\"" })
    }

    /// The bytes of one tensor, valid while this object is alive. They may be unaligned: use `loadUnaligned`.
    public func bytes(of entry: SafetensorsEntry) -> UnsafeRawBufferPointer {
        let range = (bufferStart + entry.range.lowerBound)..<(bufferStart + entry.range.upperBound)
        require(
            range.upperBound <= storage.bytes.count,
            "SafetensorsFile: \(entry.name) is not an entry of \(path)")
        return UnsafeRawBufferPointer(rebasing: storage.bytes[range])
    }

    /// The bytes of one tensor, which cannot be freed while `body` runs.
    public func withBytes<Result>(
        of entry: SafetensorsEntry, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try withExtendedLifetime(self) { try body(bytes(of: entry)) }
    }
}

/// The tensors of one model, in one file or in the shards that an index lists.
///
/// `X.safetensors.index.json` maps every tensor to its file: `{"metadata": {...}, "weight_map": {name:
/// file}}`.
public struct SafetensorsModel: Sendable {
    public let path: String
    public let files: [SafetensorsFile]
    /// By place within a file; files in the order in which the index first names them.
    public let entries: [SafetensorsEntry]
    private let owner: [ExactString: Int]

    /// - Parameter path: a `.safetensors` file, or an index ending in `.json` beside its shards.
    public init(_ path: String) throws(InputError) {
        self.path = path
        guard path.hasSuffix(".json") else {
            let file = try SafetensorsFile(path)
            files = [file]
            entries = file.entries
            owner = Dictionary(uniqueKeysWithValues: file.entries.map { (ExactString($0.name), 0) })
            return
        }
        let map = try JSONField(JSON.read(path), in: path).field("weight_map")
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
        var names: [ExactString: Int] = [:]
        var files: [SafetensorsFile] = []
        var owner: [ExactString: Int] = [:]
        for (tensor, file) in try map.members() {
            let name = try file.string()
            // A shard is a neighbour of its index; anything else would let an index reach other files.
            guard !name.isEmpty, name != "..",
                !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
            else {
                throw file.mismatch("a plain file name")
            }
            let number = names[ExactString(name)] ?? files.count
            if number == files.count {
                files.append(try SafetensorsFile(folder + name))
                names[ExactString(name)] = number
            }
            guard files[number][tensor] != nil else {
                throw InputError(
                    "tensor \"\(tensor)\" is missing", at: files[number].path,
                    hint: "\(path) says it is there")
            }
            owner[ExactString(tensor)] = number
        }
        var entries: [SafetensorsEntry] = []
        for (number, shard) in files.enumerated() {
            for entry in shard.entries {
                guard owner[ExactString(entry.name)] == number else {
                    throw InputError(
                        "tensor \"\(entry.name)\" is not in the index", at: shard.path, hint: path)
                }
                entries.append(entry)
            }
        }
        (self.files, self.entries, self.owner) = (files, entries, owner)
    }

    /// The file and entry of that name, if there is one.
    public subscript(_ name: String) -> (file: SafetensorsFile, entry: SafetensorsEntry)? {
        guard let number = owner[ExactString(name)], let entry = files[number][name] else { return nil }
        return (files[number], entry)
    }
}
