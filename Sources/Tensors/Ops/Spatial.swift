// Convolutions over feature maps, and gathering by index.

/// Cross-correlation of channels-last maps, as every framework's convolution.
///
/// A kernel's neighbours lie `dilation` apart; of `groups` equal parts of the channels, each part of the result sees its own.
///
///     x: [B, H, W, C], weight: [O, KH, KW, C / groups], bias: [O]
///     returns [B, (H + top + bottom - (KH - 1) dilation - 1) / stride + 1, ..., O]
public func convolution(
    _ x: Tensor, weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Padding = Padding(0), dilation: Int = 1,
    groups: Int = 1
) -> Tensor {
    let (b, h, w, c) = x.shape4
    let (o, kh, kw, inputs) = weight.shape4
    require(
        groups > 0 && c == inputs * groups && o % groups == 0,
        "convolution: x \(x.shape) with weight \(weight.shape) in \(groups) groups")
    require(bias == nil || bias!.shape == [o], "convolution: bias \(bias!.shape) with weight \(weight.shape)")
    require(stride > 0 && dilation > 0, "convolution: stride \(stride), dilation \(dilation)")
    let (rows, columns) = (
        h + padding.top + padding.bottom - (kh - 1) * dilation, w + padding.left + padding.right - (kw - 1) * dilation
    )
    require(rows > 0 && columns > 0, "convolution: kernel \(kh)x\(kw) is larger than the padded map \(x.shape)")
    let dtype: DType = Context.current.precision == .bf16 || x.dtype == .bf16 ? .bf16 : .f32
    let call = ConvolutionCall(
        x: x.detached().cast(to: dtype).contiguous(), weight: weight.detached().halved(dtype).contiguous(), stride: stride,
        dilation: dilation, groups: groups, padding: padding, isBatchInvariant: Context.current.isBatchInvariant)
    let y = Tensor(uninitialized: [b, (rows - 1) / stride + 1, (columns - 1) / stride + 1, o], dtype)
    backend.convolution(call, bias: bias?.detached().contiguous(), into: y)
    let (nx, nw, nb) = (x.node, weight.node, bias?.node)
    return recorded("convolution", y, inputs: [x, weight] + (bias.map { [$0] } ?? [])) { gy, table in
        let g = gy.cast(to: dtype).contiguous()
        if nx != nil {
            let gx = Tensor(uninitialized: call.x.shape, dtype)
            backend.convolutionBackwardData(call, g, into: gx)
            table.add(gx, to: nx)
        }
        guard nw != nil || nb != nil else { return }
        let gw = Tensor(uninitialized: call.weight.shape)
        let gb = nb == nil ? nil : Tensor(uninitialized: [o])
        backend.convolutionBackwardWeights(call, g, into: gw, gbias: gb)
        table.add(gw, to: nw)
        if let gb { table.add(gb, to: nb) }
    }
}

/// Each pixel becomes a 2 × 2 block.
///
///     x: [B, H, W, C]
///     returns [B, 2H, 2W, C]
public func upsampledNearest(_ x: Tensor) -> Tensor {
    let (b, h, w, c) = x.shape4
    let value = x.detached().contiguous()
    let y = Tensor(uninitialized: [b, 2 * h, 2 * w, c], x.dtype)
    backend.upsample(value, into: y)
    let (node, shape) = (x.node, x.shape)
    return recorded("upsampledNearest", y, x) { g, table in
        let gx = Tensor(uninitialized: shape, y.dtype)
        backend.upsampleBackward(g.cast(to: y.dtype).contiguous(), into: gx)
        table.add(gx, to: node)
    }
}

/// Rows of a table.
///
///     table: [V, D], tokens: [...]
///     returns [..., D]
public func embedding(_ table: Tensor, _ tokens: Tokens) -> Tensor {
    let (rows, columns) = table.shape2
    require(
        tokens.values.allSatisfy { $0 >= 0 && $0 < rows }, "embedding: a token is outside 0..<\(rows)")
    let y = Tensor(uninitialized: [tokens.count, columns])
    backend.gather(table.detached().cast(to: .f32).contiguous(), tokens.values, into: y)
    let node = table.node
    return recorded("embedding", y.reshaped(tokens.shape + [columns]), table) { g, gradients in
        let gtable = Tensor.zeros([rows, columns])
        backend.scatterAdd(g.cast(to: .f32).contiguous(), tokens.values, into: gtable)
        gradients.add(gtable, to: node)
    }
}

extension Tensor {
    /// Rows of the last axis by their numbers, all other axes counted as one.
    ///
    ///     x: [..., D], rows: [...]
    ///     returns rows.shape + [D]
    package func picked(_ rows: Tokens) -> Tensor {
        let width = shape[rank - 1]
        return embedding(reshaped([count / width, width]), rows)
    }
}

/// Index of the codebook row nearest to each row of x; the lowest among equals. No gradient.
///
///     x: [N, D], codebook: [K, D]
///     returns [N]
public func nearestCodes(_ x: Tensor, _ codebook: Tensor) -> Tokens {
    require(
        x.rank == 2 && codebook.rank == 2 && x.shape[1] == codebook.shape[1],
        "nearestCodes: x \(x.shape) with codebook \(codebook.shape)")
    let index = backend.nearest(x.cast(to: .f32).contiguous(), codebook.cast(to: .f32).contiguous())
    return Tokens(index, [x.shape[0]])
}

/// The value of `value` with the gradient of `path` (Bengio et al. 2013).
public func straightThrough(_ value: Tensor, like path: Tensor) -> Tensor {
    require(value.shape == path.shape, "straightThrough: \(value.shape) and \(path.shape)")
    let node = path.node
    return recorded("straightThrough", value.detached(), path) { g, table in table.add(g, to: node) }
}
