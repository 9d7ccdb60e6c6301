/// Element type of a tensor. Arithmetic and reductions are always done in f32.
public enum DType: String, Sendable, CaseIterable {
    case f32
    /// The upper half of an f32; rounding is to nearest even.
    case bf16

    /// Bytes of one element.
    public var size: Int { self == .f32 ? 4 : 2 }

    /// The type that holds both: f32 unless both are bf16.
    package static func promoted(_ a: DType, _ b: DType) -> DType { a == .bf16 && b == .bf16 ? .bf16 : .f32 }

    /// The kernels' code for it.
    package var code: Int32 { self == .f32 ? 0 : 1 }
}
