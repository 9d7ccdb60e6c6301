/// An n-dimensional array that never changes, with the record of how it was made where a gradient may be asked for.
///
/// Views (slices, permutations, broadcasts) share storage. Binary operations broadcast as NumPy does; a mix of f32 and bf16 gives f32.
public struct Tensor: @unchecked Sendable {
    public let shape: [Int]
    public let dtype: DType
    package var storage: Storage
    /// In elements; 0 along a broadcast axis.
    package let strides: [Int]
    /// In elements from the start of the storage.
    package let offset: Int
    package let isContiguous: Bool
    package let node: Node?

    package init(_ storage: Storage, _ shape: [Int], _ dtype: DType, strides: [Int], offset: Int, node: Node?) {
        self.storage = storage
        self.shape = shape
        self.dtype = dtype
        self.strides = strides
        self.offset = offset
        self.node = node
        var expected = 1
        var contiguous = true
        for i in shape.indices.reversed() where shape[i] != 1 {
            if strides[i] != expected { contiguous = false }
            expected *= shape[i]
        }
        isContiguous = contiguous || shape.contains(0)
    }

    /// Contiguous, with undefined contents.
    package init(uninitialized shape: [Int], _ dtype: DType = .f32) {
        self.init(
            Storage(byteCount: shape.elementCount * dtype.size), shape, dtype,
            strides: shape.contiguousStrides, offset: 0, node: nil)
    }

    /// The same values recorded as the output of `node`.
    package func attached(to node: Node?) -> Tensor {
        Tensor(storage, shape, dtype, strides: strides, offset: offset, node: node)
    }

    public init(_ values: [Float], _ shape: [Int]) {
        require(values.count == shape.elementCount, "Tensor: \(values.count) values for shape \(shape)")
        self.init(uninitialized: shape)
        values.withUnsafeBytes { backend.write($0, to: self) }
    }

    public init(_ scalar: Float) { self.init([scalar], []) }

    public static func zeros(_ shape: [Int], _ dtype: DType = .f32) -> Tensor { full(shape, 0, dtype) }
    public static func ones(_ shape: [Int], _ dtype: DType = .f32) -> Tensor { full(shape, 1, dtype) }

    public static func full(_ shape: [Int], _ value: Float, _ dtype: DType = .f32) -> Tensor {
        let result = Tensor(uninitialized: shape, dtype)
        backend.fill(value, into: result)
        return result
    }

    /// 0, 1, ... n - 1 as f32 `[n]`.
    public static func arange(_ n: Int) -> Tensor { Tensor((0..<n).map(Float.init), [n]) }

    public var rank: Int { shape.count }
    public var count: Int { shape.elementCount }

    /// All elements in row-major order, as floats whatever the type.
    public var values: [Float] {
        let source = cast(to: .f32).contiguous()
        return [Float](unsafeUninitializedCapacity: source.count) { buffer, count in
            backend.read(source, into: UnsafeMutableRawBufferPointer(buffer))
            count = source.count
        }
    }

    /// The only element.
    public var scalar: Float {
        require(count == 1, "scalar: shape \(shape) has \(count) elements")
        return values[0]
    }

    /// The same values, detached from the record: no gradient flows through.
    public func detached() -> Tensor { attached(to: nil) }

    /// The same values as a starting point for gradients.
    public func requiringGradient() -> Tensor {
        attached(to: Node("leaf", shape: shape, dtype: dtype))
    }

    /// Laid out in row-major order; itself when it already is.
    package func contiguous() -> Tensor {
        if isContiguous { return self }
        let result = Tensor(uninitialized: shape, dtype)
        backend.copy(self, into: result, accumulating: false)
        return result.attached(to: node)
    }
}

extension Tensor {
    public var shape1: Int { sizes(1); return shape[0] }
    public var shape2: (Int, Int) { sizes(2); return (shape[0], shape[1]) }
    public var shape3: (Int, Int, Int) { sizes(3); return (shape[0], shape[1], shape[2]) }
    public var shape4: (Int, Int, Int, Int) { sizes(4); return (shape[0], shape[1], shape[2], shape[3]) }

    private func sizes(_ rank: Int) {
        require(self.rank == rank, "a tensor of rank \(rank) was expected, shape is \(shape)")
    }
}

extension Tensor: CustomStringConvertible {
    public var description: String {
        let shown = values.prefix(8).map { "\($0)" }.joined(separator: ", ")
        return "Tensor\(shape) \(dtype.rawValue) [\(shown)\(count > 8 ? ", ..." : "")]"
    }
}

/// Whole numbers that index codebooks, vocabularies and classes, row-major.
public struct Tokens: Sendable, Equatable {
    public let shape: [Int]
    public var values: [Int32]

    public init(_ values: [Int32], _ shape: [Int]) {
        require(values.count == shape.elementCount, "Tokens: \(values.count) values for shape \(shape)")
        self.values = values
        self.shape = shape
    }

    public init(_ values: [Int]) { self.init(values.map(Int32.init), [values.count]) }

    public var count: Int { values.count }
    public func reshaped(_ shape: [Int]) -> Tokens { Tokens(values, shape) }

    /// As whole numbers.
    public var tensor: Tensor { Tensor(values.map(Float.init), shape) }
}
