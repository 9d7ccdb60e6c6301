/// The element types of safetensors files that fill whole bytes, from the widest down: the order in which a
/// writer lays tensors out, so that each is aligned.
public enum SafetensorsType: String, CaseIterable, Sendable {
    case u64 = "U64"
    case i64 = "I64"
    case f64 = "F64"
    case c64 = "C64"
    case f32 = "F32"
    case u32 = "U32"
    case i32 = "I32"
    case bf16 = "BF16"
    case f16 = "F16"
    case u16 = "U16"
    case i16 = "I16"
    case f8e5m2fnuz = "F8_E5M2FNUZ"
    case f8e4m3fnuz = "F8_E4M3FNUZ"
    case f8e8m0 = "F8_E8M0"
    case f8e4m3 = "F8_E4M3"
    case f8e5m2 = "F8_E5M2"
    case i8 = "I8"
    case u8 = "U8"
    case bool = "BOOL"

    /// Bytes of one element.
    public var byteWidth: Int {
        switch self {
        case .u64, .i64, .f64, .c64: 8
        case .f32, .u32, .i32: 4
        case .bf16, .f16, .u16, .i16: 2
        case .f8e5m2fnuz, .f8e4m3fnuz, .f8e8m0, .f8e4m3, .f8e5m2, .i8, .u8, .bool: 1
        }
    }

    /// Place in the layout order, 0 first.
    var layoutRank: Int {
        SafetensorsType.allCases.firstIndex(of: self)!
    }
}

/// One tensor of a safetensors file: row-major, little-endian.
public struct SafetensorsEntry: Sendable, Equatable {
    public let name: String
    public let type: SafetensorsType
    public let shape: [Int]
    /// Where its bytes are, counted from the end of the header.
    public let range: Range<Int>

    /// Number of elements; 1 for a scalar, whose shape is empty.
    public var count: Int {
        shape.reduce(1, *)
    }
}
