// Attention over positions, tiled so that the score matrix is never in memory (Vaswani et al. 2017; Dao et al. 2022).

/// softmax(scale q kᵀ + mask) v per head.
///
///     q: [B, N, H, K], k, v: [B, M, H, K], mask: [B, M] with 1 to keep
///     returns [B, N, H, K]
///
/// A query with nothing to attend to gives 0.
public func attention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor? = nil, causal: Bool = false, scale: Float? = nil
) -> Tensor {
    let dtype = DType.promoted(.promoted(q.dtype, k.dtype), v.dtype)
    let call = AttentionCall(
        q: operand(q, dtype), k: operand(k, dtype), v: operand(v, dtype), mask: mask, isCausal: causal, scale: scale)
    let (y, logSumExp) = call.run()
    let (nq, nk, nv) = (q.node, k.node, v.node)
    return recorded("attention", y, q, k, v) { gy, table in
        let gq = Tensor(uninitialized: call.q.shape, dtype)
        let gk = Tensor(uninitialized: call.k.shape, dtype)
        let gv = Tensor(uninitialized: call.v.shape, dtype)
        backend.attentionBackward(call, y, logSumExp, operand(gy, dtype), into: gq, gk, gv)
        table.add(gq, to: nq)
        table.add(gk, to: nk)
        table.add(gv, to: nv)
    }
}

/// Self-attention on queries, keys and values that came out of one product.
///
///     packed: [B, N, 3, H, K]
///     returns [B, N, H, K]
public func selfAttention(
    packed: Tensor, mask: Tensor? = nil, causal: Bool = false, scale: Float? = nil
) -> Tensor {
    require(packed.rank == 5 && packed.shape[2] == 3, "selfAttention: packed \(packed.shape)")
    let x = packed.detached().contiguous()
    func part(_ x: Tensor, _ i: Int) -> Tensor { x.slice(2, i..<i + 1).squeezed(2) }
    let call = AttentionCall(q: part(x, 0), k: part(x, 1), v: part(x, 2), mask: mask, isCausal: causal, scale: scale)
    let (y, logSumExp) = call.run()
    let node = packed.node
    return recorded("selfAttention", y, packed) { gy, table in
        let g = Tensor(uninitialized: x.shape, x.dtype)
        backend.attentionBackward(
            call, y, logSumExp, operand(gy, x.dtype), into: part(g, 0), part(g, 1), part(g, 2))
        table.add(g, to: node)
    }
}

private func operand(_ x: Tensor, _ dtype: DType) -> Tensor {
    let x = x.detached().cast(to: dtype)
    return x.strides[3] == 1 ? x : x.contiguous()
}

extension AttentionCall {
    fileprivate init(q: Tensor, k: Tensor, v: Tensor, mask: Tensor?, isCausal: Bool, scale: Float?) {
        let (batch, _, heads, width) = q.shape4
        require(
            k.rank == 4 && k.shape == v.shape && k.shape[0] == batch && k.shape[2] == heads && k.shape[3] == width,
            "attention: q \(q.shape), k \(k.shape), v \(v.shape)")
        require(mask == nil || mask!.shape == [batch, k.shape[1]], "attention: mask \(mask!.shape) for k \(k.shape)")
        self.init(
            q: q, k: k, v: v, mask: mask?.detached().cast(to: .f32).contiguous(), isCausal: isCausal,
            scale: scale ?? 1 / Float(width).squareRoot())
    }

    fileprivate func run() -> (y: Tensor, logSumExp: Tensor) {
        let y = Tensor(uninitialized: q.shape, q.dtype)
        let logSumExp = Tensor(uninitialized: [q.shape[0], q.shape[2], q.shape[1]])
        backend.attention(self, into: y, logSumExp)
        return (y, logSumExp)
    }
}
