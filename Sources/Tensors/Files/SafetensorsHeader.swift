/// The checked header of a safetensors file: what is in it and where.
///
/// The checks and their order are the reference implementation's: the header lies in the file, is a JSON
/// object, and the tensors tile the buffer behind it from its first byte to its last, each as long as its
/// shape says.
struct SafetensorsHeader {
    /// Ordered by place in the file.
    let entries: [SafetensorsEntry]
    let metadata: [String: String]
    /// Where the buffer starts in the file.
    let bufferStart: Int

    static let metadataKey = "__metadata__"
    /// The reference's limit on the header's length.
    private static let lengthLimit: UInt64 = 100_000_000

    init(_ bytes: UnsafeRawBufferPointer, file: String) throws(InputError) {
        guard bytes.count >= 8 else {
            throw InputError(
                "too short to be a safetensors file", at: file, expected: "8 bytes or more",
                found: "\(bytes.count)")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= SafetensorsHeader.lengthLimit else {
            throw InputError(
                "not a safetensors file: its header length is absurd", at: file,
                expected: "at most \(SafetensorsHeader.lengthLimit)", found: "\(length)")
        }
        bufferStart = 8 + Int(length)
        guard bufferStart <= bytes.count else {
            throw InputError(
                "the file is cut off inside its header", at: file, expected: "\(bufferStart) bytes or more",
                found: "\(bytes.count)")
        }
        let text = UnsafeRawBufferPointer(rebasing: bytes[8..<bufferStart])
        guard text.first == UInt8(ascii: "{") else {
            throw InputError("not a safetensors file: its header does not start with '{'", at: file)
        }
        let header = try JSON.parse(text, file: file + ", header")

        var metadata: [String: String] = [:]
        var entries: [SafetensorsEntry] = []
        for (name, value) in header.object ?? [] {
            let field = JSONField(value, in: file, path: name)
            if name == SafetensorsHeader.metadataKey {
                for (key, text) in try field.members() { metadata[key] = try text.string() }
            } else {
                entries.append(try SafetensorsHeader.entry(name, field))
            }
        }
        self.metadata = metadata
        self.entries = entries.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        try checkTiling(of: bytes.count - bufferStart, file: file)
    }

    private static func entry(_ name: String, _ field: JSONField) throws(InputError) -> SafetensorsEntry {
        let word = try field.field("dtype").string()
        guard let type = SafetensorsType(rawValue: word) else {
            throw InputError(
                "unsupported element type of tensor \"\(name)\"", at: field.file,
                expected: SafetensorsType.allCases.map(\.rawValue).joined(separator: " "), found: word)
        }
        var shape: [Int] = []
        for size in try field.field("shape").elements() { shape.append(try size.int(in: 0...Int.max)) }
        let offsets = try field.field("data_offsets")
        let pair = try offsets.elements()
        guard pair.count == 2 else { throw offsets.mismatch("two offsets") }
        let (begin, end) = (try pair[0].int(in: 0...Int.max), try pair[1].int(in: 0...Int.max))
        guard begin <= end else {
            throw offsets.error("tensor ends before it begins", found: "[\(begin), \(end)]")
        }
        var size = type.byteWidth
        // A zero anywhere makes the tensor empty, yet the reference multiplies in order and refuses what
        // overflows first.
        for extent in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: extent)
            guard !overflow else { throw field.error("tensor size overflows", found: "shape \(shape)") }
            size = product
        }
        guard size == end - begin else {
            throw InputError(
                "tensor \"\(name)\" has the wrong number of bytes for its shape", at: field.file,
                expected: "\(size) for \(word) \(shape)", found: "\(end - begin)")
        }
        return SafetensorsEntry(name: name, type: type, shape: shape, range: begin..<end)
    }

    private func checkTiling(of length: Int, file: String) throws(InputError) {
        var end = 0
        for entry in entries {
            guard entry.range.lowerBound == end else {
                let trouble = entry.range.lowerBound < end ? "overlaps another" : "leaves a hole before it"
                throw InputError(
                    "tensor \"\(entry.name)\" \(trouble)", at: file, expected: "offset \(end)",
                    found: "\(entry.range.lowerBound)")
            }
            end = entry.range.upperBound
        }
        guard end == length else {
            throw InputError(
                end > length
                    ? "the file is cut off: tensor \"\(entries.last!.name)\" ends beyond it"
                    : "bytes behind the last tensor",
                at: file, expected: "\(end) bytes of tensors", found: "\(length)")
        }
    }
}
