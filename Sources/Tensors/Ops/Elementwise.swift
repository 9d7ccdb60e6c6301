// Functions of one tensor, element by element. Each keeps its input and multiplies the gradient by the derivative there.

extension Tensor {
    package func mapped(_ op: UnaryOp, _ name: StaticString, _ p0: Float = 0, _ p1: Float = 0) -> Tensor {
        let x = contiguous()
        let y = Tensor(uninitialized: shape, dtype)
        backend.unary(op, x, p0, p1, into: y)
        return recorded(name, y, self) { gy, table in
            let gx = Tensor(uninitialized: x.shape, x.dtype)
            backend.unaryBackward(op, x, gy.cast(to: x.dtype).contiguous(), p0, p1, into: gx)
            table.add(gx, to: x.node)
        }
    }

    public func exp() -> Tensor { mapped(.exp, "exp") }
    public func log() -> Tensor { mapped(.log, "log") }
    public func log1p() -> Tensor { mapped(.log1p, "log1p") }
    public func sqrt() -> Tensor { mapped(.sqrt, "sqrt") }
    /// 1 / √x.
    public func rsqrt() -> Tensor { mapped(.rsqrt, "rsqrt") }
    public func square() -> Tensor { mapped(.square, "square") }
    public func abs() -> Tensor { mapped(.abs, "abs") }
    public func reciprocal() -> Tensor { mapped(.reciprocal, "reciprocal") }
    public func sin() -> Tensor { mapped(.sin, "sin") }
    public func cos() -> Tensor { mapped(.cos, "cos") }
    public func tanh() -> Tensor { mapped(.tanh, "tanh") }
    public func erf() -> Tensor { mapped(.erf, "erf") }
    public func sigmoid() -> Tensor { mapped(.sigmoid, "sigmoid") }
    public func softplus() -> Tensor { mapped(.softplus, "softplus") }
    /// x · sigmoid(x).
    public func silu() -> Tensor { mapped(.silu, "silu") }
    /// The tanh form.
    public func gelu() -> Tensor { mapped(.gelu, "gelu") }
    /// The exact form, x Φ(x).
    public func geluErf() -> Tensor { mapped(.geluErf, "geluErf") }
    /// x sigmoid(1.702 x).
    public func geluQuick() -> Tensor { mapped(.geluQuick, "geluQuick") }
    public func relu() -> Tensor { mapped(.relu, "relu") }
    public func leakyRelu(_ slope: Float) -> Tensor { mapped(.leakyRelu, "leakyRelu", slope) }
    public func power(_ exponent: Float) -> Tensor { mapped(.power, "power", exponent) }
    /// Values outside take the bound, and pass no gradient.
    public func clamped(_ low: Float, _ high: Float) -> Tensor { mapped(.clamp, "clamped", low, high) }
    public func floor() -> Tensor { mapped(.floor, "floor") }
    /// To the nearest whole number, halves to even.
    public func rounded() -> Tensor { mapped(.round, "rounded") }
    public func sign() -> Tensor { mapped(.sign, "sign") }

    package func scaled(_ scale: Float, plus shift: Float = 0) -> Tensor {
        let x = contiguous()
        let y = Tensor(uninitialized: shape, dtype)
        backend.unary(.scale, x, scale, shift, into: y)
        let node = self.node
        return recorded("scaled", y, self) { gy, table in table.add(gy.scaled(scale), to: node) }
    }

    /// The same numbers in another type; the gradient is cast back.
    public func cast(to dtype: DType) -> Tensor {
        if dtype == self.dtype { return self }
        let node = self.node
        if dtype == .bf16, isContiguous, offset == 0, storage.byteCount == count * 4, let half = storage.halfCopy {
            let y = Tensor(half, shape, .bf16, strides: shape.contiguousStrides, offset: 0, node: nil)
            return recorded("cast", y, self) { gy, table in table.add(gy.cast(to: .f32), to: node) }
        }
        let y = Tensor(uninitialized: shape, dtype)
        backend.copy(self, into: y, accumulating: false)
        let original = self.dtype
        return recorded("cast", y, self) { gy, table in table.add(gy.cast(to: original), to: node) }
    }
}

/// x · sigmoid(x).
public func silu(_ x: Tensor) -> Tensor { x.silu() }
/// The tanh form of GELU.
public func gelu(_ x: Tensor) -> Tensor { x.gelu() }
