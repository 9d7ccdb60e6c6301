import Tensors

/// Every position looks at every other.
///
///     x: [B, N, D], mask: [B, N] with 1 to keep
///     returns [B, N, D]
public final class SelfAttention: Module {
    let queryKeyValue: Linear
    let output: Linear
    private let heads: Int
    private let isCausal: Bool
    private let rotary: RotaryPositions?

    /// - Parameters:
    ///   - width: D, a multiple of `heads`.
    ///   - rotary: of N places, where attention shall depend on them.
    public init(width: Int, heads: Int, causal: Bool = false, rotary: RotaryPositions? = nil) {
        require(width % heads == 0, "SelfAttention: width \(width) is not a multiple of \(heads) heads")
        queryKeyValue = Linear(width, 3 * width)
        output = Linear(width, width)
        self.heads = heads
        isCausal = causal
        self.rotary = rotary
        super.init()
    }

    /// `[B, n, 3, heads, D / heads]` of the places from `first` on.
    private func packed(_ x: Tensor, from first: Int = 0) -> Tensor {
        let (B, n, D) = x.shape3
        let packed = queryKeyValue(x).reshaped([B, n, 3, heads, D / heads])
        return rotary?(packed, from: first) ?? packed
    }

    public func callAsFunction(_ x: Tensor, mask: Tensor? = nil) -> Tensor {
        let (B, N, D) = x.shape3
        let packed = packed(x)
        return output(selfAttention(packed: packed, mask: mask, causal: isCausal).reshaped([B, N, D]))
    }

    /// The newest positions look at themselves and at those before them, whose keys and values are kept in `earlier`.
    ///
    ///     x: [B, n, D]
    ///     returns [B, n, D]
    public func callAsFunction(_ x: Tensor, after earlier: GrowingTensor) -> Tensor {
        require(isCausal, "SelfAttention: earlier positions would have to look at later ones")
        let (B, n, D) = x.shape3
        let packed = packed(x, from: earlier.count)
        let keysAndValues = earlier.append(packed.slice(2, 1..<3))
        func part(_ x: Tensor, _ i: Int) -> Tensor { x.slice(2, i..<i + 1).squeezed(2) }
        let y = attention(part(packed, 0), part(keysAndValues, 0), part(keysAndValues, 1), causal: true)
        return output(y.reshaped([B, n, D]))
    }
}

/// Positions look at a context: words, another sequence.
///
///     x: [B, N, D], context: [B, L, C], mask: [B, L] with 1 to keep
///     returns [B, N, D]
public final class CrossAttention: Module {
    let query: Linear
    let keyValue: Linear
    let output: Linear
    private let heads: Int

    /// - Parameter zeroed: the output projection starts at 0, so that the block starts without its context.
    public init(width: Int, contextWidth: Int, heads: Int, zeroed: Bool = false) {
        require(width % heads == 0, "CrossAttention: width \(width) is not a multiple of \(heads) heads")
        query = Linear(width, width)
        keyValue = Linear(contextWidth, 2 * width)
        output = zeroed ? .zeros(width, width) : Linear(width, width)
        self.heads = heads
        super.init()
    }

    public func callAsFunction(_ x: Tensor, over context: Tensor, mask: Tensor? = nil) -> Tensor {
        self(x, overKeysAndValues: keysAndValues(context), mask: mask)
    }

    /// What `x` does not change: `[B, L, 2 D]`.
    public func keysAndValues(_ context: Tensor) -> Tensor { keyValue(context) }

    /// - Parameter keysAndValues: as the function of that name gives them.
    public func callAsFunction(_ x: Tensor, overKeysAndValues keysAndValues: Tensor, mask: Tensor? = nil) -> Tensor {
        let (B, N, D) = x.shape3
        let K = D / heads
        let q = query(x).reshaped([B, N, heads, K])
        let kv = keysAndValues.reshaped([B, keysAndValues.shape[1], 2, heads, K])
        let (k, v) = (kv.slice(2, 0..<1).squeezed(2), kv.slice(2, 1..<2).squeezed(2))
        return output(attention(q, k, v, mask: mask).reshaped([B, N, D]))
    }
}

/// Two linear layers with an activation between them.
///
///     x: [..., D]
///     returns [..., D]
public final class FeedForward: Module {
    let up: Linear
    let down: Linear

    public init(width: Int, hidden: Int, activation: Activation = .gelu) {
        up = Linear(width, hidden, activation: activation)
        down = Linear(hidden, width)
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { down(up(x)) }
}
