extension JSON {
    /// The text of this value: one line, or indented by two spaces. The same value gives the same bytes.
    ///
    /// Numbers are the shortest decimals that read back exactly; NaN and infinities have no JSON form and
    /// are a programming mistake. Text is written as UTF-8, escaping only what must be.
    public func encoded(pretty: Bool = false) -> String {
        String(decoding: encodedBytes(pretty: pretty), as: UTF8.self)
    }

    /// The same as bytes; `pretty` text ends with a newline.
    public func encodedBytes(pretty: Bool = false) -> [UInt8] {
        var writer = JSONWriter(pretty: pretty)
        writer.write(self, depth: 0)
        if pretty { writer.bytes.append(UInt8(ascii: "\n")) }
        return writer.bytes
    }
}

private struct JSONWriter {
    let pretty: Bool
    var bytes: [UInt8] = []

    init(pretty: Bool) {
        self.pretty = pretty
    }

    mutating func write(_ json: JSON, depth: Int) {
        switch json {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .int(let value): bytes += String(value).utf8
        case .number(let value):
            require(value.isFinite, "JSON.encoded: \(value) has no JSON form")
            bytes += value.description.utf8
        case .string(let value): write(value)
        case .array(let elements):
            write(elements, "[", "]", depth) { $0.write($1, depth: depth + 1) }
        case .object(let members):
            write(members, "{", "}", depth) {
                $0.write($1.key)
                $0.bytes += ($0.pretty ? ": " : ":").utf8
                $0.write($1.value, depth: depth + 1)
            }
        }
    }

    private mutating func write<Item>(
        _ items: [Item], _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ depth: Int,
        each: (inout JSONWriter, Item) -> Void
    ) {
        bytes.append(UInt8(ascii: open))
        for (index, item) in items.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            newLine(depth + 1)
            each(&self, item)
        }
        if !items.isEmpty { newLine(depth) }
        bytes.append(UInt8(ascii: close))
    }

    private mutating func newLine(_ depth: Int) {
        guard pretty else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes += repeatElement(UInt8(ascii: " "), count: 2 * depth)
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += #"\""#.utf8
            case UInt8(ascii: "\\"): bytes += #"\\"#.utf8
            case 0x08: bytes += #"\b"#.utf8
            case 0x09: bytes += #"\t"#.utf8
            case 0x0A: bytes += #"\n"#.utf8
            case 0x0C: bytes += #"\f"#.utf8
            case 0x0D: bytes += #"\r"#.utf8
            case 0..<0x20:
                bytes += #"\u00"#.utf8
                bytes.append(UInt8(ascii: "0") + byte >> 4)
                bytes.append(Array("0123456789abcdef".utf8)[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
