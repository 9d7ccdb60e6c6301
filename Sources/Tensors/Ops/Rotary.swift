/// Queries and keys turned by the angles of their places (Su et al. 2021, arXiv 2104.09864): value i and i + K / 2 of a head are one
/// complex number.
///
///     packed: [B, n, P, H, K], of which the first `parts` of P are turned
///     cosines, sines: [n, K / 2]
///     returns [B, n, P, H, K]
public func rotated(_ packed: Tensor, parts: Int, cosines: Tensor, sines: Tensor) -> Tensor {
    let shape = packed.shape
    require(
        shape.count == 5 && parts <= shape[2] && shape[4] % 2 == 0 && cosines.shape == [shape[1], shape[4] / 2]
            && sines.shape == cosines.shape,
        "rotated: \(shape) by angles \(cosines.shape)")
    let angles = (cosines: cosines.detached().contiguous(), sines: sines.detached().contiguous())
    let rows = [shape[0] * shape[1], shape[2] * shape[3], shape[4]]
    func turned(_ x: Tensor, backwards: Bool) -> Tensor {
        let y = Tensor(uninitialized: rows, x.dtype)
        backend.rotary(x.contiguous().reshaped(rows), turned: parts * shape[3], angles, backwards: backwards, into: y)
        return y.reshaped(shape)
    }
    let node = packed.node
    return recorded("rotated", turned(packed.detached(), backwards: false), packed) { gy, table in
        table.add(turned(gy.cast(to: packed.dtype), backwards: true), to: node)
    }
}
