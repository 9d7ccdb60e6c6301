// Matrix products and the linear layer's fused form.

/// Rows per panel in batch-invariant work. It may depend on what one sample brings, never on how many there are.
private func panel(rowsPerSample: Int) -> Int {
    guard Context.current.isBatchInvariant else { return 0 }
    return rowsPerSample >= 64 ? 64 : 16
}

extension Tensor {
    /// A rank-2 or rank-3 matrix the kernels can read: last axis contiguous, or the one before it (then `transposed`).
    fileprivate func matrixOperand(_ dtype: DType) -> (tensor: Tensor, transposed: Bool) {
        let x = detached().cast(to: dtype)
        let (rows, columns) = (x.strides[rank - 2], x.strides[rank - 1])
        if columns == 1 && (rows >= x.shape[rank - 1] || x.shape[rank - 2] == 1 && rows >= x.shape[rank - 1]) {
            return (x, false)
        }
        if rows == 1 && columns >= x.shape[rank - 2] { return (x.transposed(), true) }
        return (x.contiguous(), false)
    }
}

private func multiplied(
    _ a: Tensor, _ b: Tensor, panel: Int = 0, reusesSecond: Bool = false, result: DType? = nil
) -> Tensor {
    let dtype: DType = a.dtype == .bf16 || b.dtype == .bf16 ? .bf16 : .f32
    let (x, ta) = a.matrixOperand(dtype)
    let (y, tb) = b.matrixOperand(dtype)
    var shape = [a.shape[a.rank - 2], b.shape[b.rank - 1]]
    if a.rank == 3 { shape.insert(Swift.max(a.shape[0], b.shape[0]), at: 0) }
    let c = Tensor(uninitialized: shape, result ?? dtype)
    backend.product(
        x, y, MatrixProduct(transposesA: ta, transposesB: tb, panel: panel, reusesSecond: reusesSecond), into: c)
    return c
}

/// Matrix product over the last two axes; leading axes broadcast.
///
///     a: [..., M, K], b: [..., K, N]
///     returns [..., M, N]
public func matmul(_ a: Tensor, _ b: Tensor) -> Tensor {
    require(
        a.rank >= 2 && b.rank >= 2 && a.shape[a.rank - 1] == b.shape[b.rank - 2], "matmul: shapes \(a.shape) and \(b.shape)")
    let lead = broadcastShape(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)), "matmul")
    func flat(_ x: Tensor) -> Tensor {
        let batch = Array(x.shape.dropLast(2))
        if batch.elementCount == 1 { return x.reshaped([1] + x.shape.suffix(2)) }
        return x.broadcast(to: lead + x.shape.suffix(2)).reshaped([-1] + x.shape.suffix(2))
    }
    let (x, y) = (flat(a), flat(b))
    let (vx, vy) = (x.detached(), y.detached())
    let c = multiplied(vx, vy, panel: panel(rowsPerSample: a.shape[a.rank - 2]))
    let (nx, ny) = (x.node, y.node)
    let result = recorded("matmul", c, x, y) { g, table in
        table.add(summed(multiplied(g, vy.transposed()), to: vx.shape), to: nx)
        table.add(summed(multiplied(vx.transposed(), g), to: vy.shape), to: ny)
    }
    return result.reshaped(lead + [a.shape[a.rank - 2], b.shape[b.rank - 1]])
}

/// x Wᵀ + b, then the activation, in one operation.
///
///     x: [..., I], weight: [O, I], bias: [O]
///     returns [..., O]
///
/// Under bf16 precision the product takes bf16 copies of x and W and gives bf16; gradients of W and b are f32.
public func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, activation: Activation = .none) -> Tensor {
    require(
        weight.rank == 2 && x.rank >= 1 && x.shape[x.rank - 1] == weight.shape[1],
        "linear: x \(x.shape) with weight \(weight.shape)")
    require(bias == nil || bias!.shape == [weight.shape[0]], "linear: bias \(bias!.shape) with weight \(weight.shape)")
    let dtype: DType = Context.current.precision == .bf16 || x.dtype == .bf16 ? .bf16 : .f32
    let (input, output) = (weight.shape[1], weight.shape[0])
    let value = x.detached().cast(to: dtype).reshaped([-1, input])
    let rows = value.shape[0]
    let perSample = x.rank > 1 ? rows / Swift.max(1, x.shape[0]) : 1
    let w = weight.detached().halved(dtype)
    let y = multiplied(
        value, w.transposed(), panel: panel(rowsPerSample: perSample), reusesSecond: !willRecord(x, weight, bias))
    let keeps = activation != .none && willRecord(x, weight, bias)
    let before = keeps ? Tensor(uninitialized: y.shape, dtype) : nil
    if bias != nil || activation != .none { backend.biasActivation(y, bias: bias?.detached(), activation, before: before) }
    let (xShape, nx, nw, nb) = (x.shape, x.node, weight.node, bias?.node)
    return recorded("linear", y.reshaped(x.shape.dropLast() + [output]), inputs: [x, weight] + (bias.map { [$0] } ?? [])) {
        gy, table in
        var g = gy.cast(to: dtype).reshaped([-1, output]).contiguous()
        let gbias = nb == nil ? nil : Tensor(uninitialized: [output])
        if activation != .none {
            let gBefore = Tensor(uninitialized: g.shape, dtype)
            backend.biasActivationBackward(before: before, g, activation, into: gBefore, gbias: gbias)
            g = gBefore
        } else if let gbias {
            backend.biasActivationBackward(before: nil, g, .none, into: nil, gbias: gbias)
        }
        if let gbias { table.add(gbias, to: nb) }
        table.add(multiplied(g, w).reshaped(xShape), to: nx)
        table.add(multiplied(g.transposed(), value, result: .f32), to: nw)
    }
}

extension Tensor {
    /// bf16 copy kept with the storage until the weights change, when `dtype` asks for it.
    package func halved(_ dtype: DType) -> Tensor {
        guard dtype == .bf16, self.dtype == .f32 else { return cast(to: dtype) }
        if isContiguous, offset == 0, storage.byteCount == count * 4 {
            storage.keepHalfCopy {
                let half = Tensor(uninitialized: shape, .bf16)
                backend.copy(self, into: half, accumulating: false)
                return half.storage
            }
        }
        return cast(to: .bf16)
    }
}
