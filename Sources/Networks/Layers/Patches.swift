import Tensors

/// Patches in row-major order, each flattened as (row, column, channel).
///
///     x: [B, H, W, C]
///     returns [B, H/p · W/p, p p C]
public func patchified(_ x: Tensor, _ p: Int) -> Tensor {
    let (B, H, W, C) = x.shape4
    if p == 1 { return x.reshaped([B, H * W, C]) }
    return x.reshaped([B, H / p, p, W / p, p, C]).permuted([0, 1, 3, 2, 4, 5]).reshaped([B, (H / p) * (W / p), p * p * C])
}

/// The inverse of `patchified`: [B, N, p p C] to [B, H, W, C].
public func unpatchified(_ x: Tensor, _ p: Int, _ H: Int, _ W: Int) -> Tensor {
    let (B, _, D) = x.shape3
    let C = D / (p * p)
    if p == 1 { return x.reshaped([B, H, W, C]) }
    return x.reshaped([B, H / p, W / p, p, p, C]).permuted([0, 1, 3, 2, 4, 5]).reshaped([B, H, W, C])
}
