import Tensors

/// softmax(scale q kᵀ + bias) v per head, where the scores of heads have something added to them.
///
///     q: [B, N, H, K], k, v: [B, M, H, K], bias: [H, N, M], mask: [B, M] with 1 to keep
///     returns [B, N, H, K]
///
/// The last query is causally the last key's. A query with nothing to attend to gives 0. The matrix of scores is in memory, unlike
/// that of attention without a bias.
public func biasedAttention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, bias: Tensor, mask: Tensor? = nil, causal: Bool = false, scale: Float = 1
) -> Tensor {
    let (B, N, H, _) = q.shape4
    let M = k.shape[1]
    require(
        k.rank == 4 && k.shape == v.shape && k.shape[0] == B && k.shape[2...] == q.shape[2...] && bias.shape == [H, N, M]
            && (mask == nil || mask!.shape == [B, M]),
        "biasedAttention: q \(q.shape), k \(k.shape), v \(v.shape), bias \(bias.shape), mask \(mask?.shape ?? [])")
    func heads(_ x: Tensor) -> Tensor { x.cast(to: .f32).permuted([0, 2, 1, 3]) }  // [B, H, n, K]
    let scores = matmul(heads(q) * scale, heads(k).transposed()) + bias.cast(to: .f32)  // [B, H, N, M]
    var seen = mask?.detached().reshaped([B, 1, 1, M])
    if causal && N > 1 {
        let past = (0..<N).flatMap { n in (0..<M).map { $0 <= n + M - N ? Float(1) : 0 } }
        let triangle = Tensor(past, [1, 1, N, M])
        seen = seen.map { $0 * triangle } ?? triangle
    }
    // Hidden scores are one number whatever the key, and the chances that this leaves them are made exactly 0.
    let chances = seen.map { select($0, scores, Tensor(-1e9)).softmax() * $0 } ?? scores.softmax()
    return matmul(chances, heads(v)).permuted([0, 2, 1, 3]).cast(to: v.dtype)
}
