/// Means of `size` neighbours, `stride` apart; at the ends, of those that are there (PyTorch's avg_pool1d without `count_include_pad`).
///
///     x: [B, L]
///     returns [B, (L + 2 padding - size) / stride + 1]
public func averagePooled(_ x: Tensor, size: Int, stride: Int, padding: Int = 0) -> Tensor {
    let (signals, length) = x.shape2
    require(
        padding >= 0 && 2 * padding <= size && length + 2 * padding >= size,
        "averagePooled: signals \(x.shape) by \(size) with padding \(padding)")
    let edge = Tensor.zeros([signals, padding])
    let frames = framed(padding == 0 ? x : concatenated([edge, x, edge], axis: 1), size: size, hop: stride)  // [B, N, size]
    let counts = (0..<frames.shape[1]).map { n in
        let first = n * stride - padding
        return Float(min(length, first + size) - max(0, first))
    }
    return frames.sum(2) / Tensor(counts, [1, counts.count])
}
