/// Writes the few wire types of protocol buffers that event files need.
struct ProtocolBuffer {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ field: Int, _ value: Int) {
        key(field, 0)
        base128(UInt64(bitPattern: Int64(value)))
    }

    mutating func double(_ field: Int, _ value: Double) {
        key(field, 1)
        littleEndian(value.bitPattern)
    }

    mutating func float(_ field: Int, _ value: Float) {
        key(field, 5)
        littleEndian(value.bitPattern)
    }

    mutating func bytes(_ field: Int, _ value: [UInt8]) {
        key(field, 2)
        base128(UInt64(value.count))
        bytes += value
    }

    mutating func string(_ field: Int, _ value: String) { bytes(field, Array(value.utf8)) }

    mutating func message(_ field: Int, _ body: (inout ProtocolBuffer) -> Void) {
        var inner = ProtocolBuffer()
        body(&inner)
        bytes(field, inner.bytes)
    }

    mutating func packed(_ field: Int, _ values: [Double]) {
        var inner = ProtocolBuffer()
        for value in values { inner.littleEndian(value.bitPattern) }
        bytes(field, inner.bytes)
    }

    private mutating func key(_ field: Int, _ wire: UInt64) { base128(UInt64(field) << 3 | wire) }

    private mutating func base128(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func littleEndian(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }
}

/// Reads fields of one message in order; stops at the first thing that is not well-formed.
struct ProtocolBufferReader {
    enum Field {
        case varint(Int, UInt64)
        case fixed(Int, ArraySlice<UInt8>)
        case bytes(Int, ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func next() -> Field? {
        guard let key = base128() else { return nil }
        let field = Int(truncatingIfNeeded: key >> 3)
        switch key & 7 {
        case 0: return base128().map { .varint(field, $0) }
        case 1: return take(8).map { .fixed(field, $0) }
        case 2:
            guard let count = base128(), count <= UInt64(rest.count) else { return nil }
            return take(Int(count)).map { .bytes(field, $0) }
        case 5: return take(4).map { .fixed(field, $0) }
        default: return nil
        }
    }

    private mutating func base128() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
