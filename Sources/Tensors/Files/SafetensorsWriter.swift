/// Writes a safetensors file: tensors are announced first, and their bytes asked for only while the file is
/// written, one tensor at a time.
///
/// Widest element types first, then by name; the header padded with spaces to a multiple of 8. The bytes
/// equal those of the reference implementation for the same tensors.
public struct SafetensorsWriter {
    /// Receives the bytes of one tensor, in as many pieces as its source likes.
    public typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    private struct Item {
        let name: String
        let type: SafetensorsType
        let shape: [Int]
        let size: Int
        let source: (Sink) throws -> Void
    }

    private var items: [Item] = []
    private var names = Set<ExactString>()

    public init() {}

    /// Announces a tensor whose bytes `source` will hand over, little-endian and row-major.
    public mutating func add(
        _ name: String, _ type: SafetensorsType, _ shape: [Int], source: @escaping (Sink) throws -> Void
    ) {
        let isNew = names.insert(ExactString(name)).inserted
        require(isNew, "SafetensorsWriter: tensor \(name) was added twice")
        require(
            name != SafetensorsHeader.metadataKey, "SafetensorsWriter: \(name) is no name for a tensor")
        require(shape.allSatisfy { $0 >= 0 }, "SafetensorsWriter: \(name) has shape \(shape)")
        let size = shape.reduce(type.byteWidth, *)
        items.append(Item(name: name, type: type, shape: shape, size: size, source: source))
    }

    /// Adds a tensor whose bytes are at hand.
    public mutating func add(_ name: String, _ type: SafetensorsType, _ shape: [Int], bytes: [UInt8]) {
        let size = shape.reduce(type.byteWidth, *)
        require(
            bytes.count == size,
            "SafetensorsWriter: \(name) \(type) \(shape) takes \(size) bytes, given \(bytes.count)")
        add(name, type, shape) { sink in try bytes.withUnsafeBytes { try sink($0) } }
    }

    /// Writes the file atomically.
    ///
    /// - Parameter metadata: string pairs for `__metadata__`; when not empty, `"format": "pt"` joins them,
    ///   without which transformers refuses the file.
    public func write(to path: String, metadata: [String: String] = [:]) throws {
        let file = try AtomicFileWriter(path)
        try produce(metadata) { try file.append($0) }
        try file.commit()
    }

    /// The file's bytes, for small files and tests.
    public func encoded(metadata: [String: String] = [:]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try produce(metadata) { bytes += $0 }
        return bytes
    }

    private func produce(_ metadata: [String: String], _ sink: Sink) throws {
        let ordered = items.sorted {
            ($0.type.layoutRank, ExactString($0.name)) < ($1.type.layoutRank, ExactString($1.name))
        }
        try SafetensorsWriter.header(ordered, metadata).withUnsafeBytes { try sink($0) }
        for item in ordered {
            var handed = 0
            try item.source { piece in
                handed += piece.count
                require(
                    handed <= item.size, "SafetensorsWriter: \(item.name) gave more than \(item.size) bytes")
                try sink(piece)
            }
            require(
                handed == item.size, "SafetensorsWriter: \(item.name) gave \(handed) of \(item.size) bytes")
        }
    }

    private static func header(_ items: [Item], _ metadata: [String: String]) -> [UInt8] {
        var members: [(key: String, value: JSON)] = []
        if !metadata.isEmpty {
            let pairs = metadata.merging(["format": "pt"]) { own, _ in own }
            let sorted = pairs.sorted { ExactString($0.key) < ExactString($1.key) }
            members.append(
                (SafetensorsHeader.metadataKey, .object(sorted.map { ($0.key, .string($0.value)) })))
        }
        var end = 0
        for item in items {
            let begin = end
            end += item.size
            members.append(
                (
                    item.name,
                    [
                        "dtype": .string(item.type.rawValue), "shape": .array(item.shape.map { JSON($0) }),
                        "data_offsets": [JSON(begin), JSON(end)],
                    ]
                ))
        }
        var text = JSON.object(members).encodedBytes()
        text += repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    }
}
