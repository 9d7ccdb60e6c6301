import Tensors

/// Patches of so many rows and columns as the channels of one position.
///
///     x: [B, H, W, C]
///     returns [B, H / rows, W / columns, rows · columns · C]
func folded(_ x: Tensor, by patch: [Int]) -> Tensor {
    let (rows, columns) = (patch[0], patch[1])
    if rows * columns == 1 { return x }
    let (B, H, W, C) = x.shape4
    return x.reshaped([B, H / rows, rows, W / columns, columns, C]).permuted([0, 1, 3, 2, 4, 5])
        .reshaped([B, H / rows, W / columns, rows * columns * C])
}

/// What `folded` made, as it was: `[B, h, w, rows · columns · C]` to `[B, h · rows, w · columns, C]`.
func unfolded(_ x: Tensor, by patch: [Int]) -> Tensor {
    let (rows, columns) = (patch[0], patch[1])
    if rows * columns == 1 { return x }
    let (B, h, w, channels) = x.shape4
    let C = channels / (rows * columns)
    return x.reshaped([B, h, w, rows, columns, C]).permuted([0, 1, 3, 2, 4, 5]).reshaped([B, h * rows, w * columns, C])
}
