import CKernels

// Softmax, norms, gates: operations that work on one row or group at a time.
extension CPUBackend {
    private func rows(_ x: Tensor) -> (Int64, Int64) {
        let columns = x.shape.last ?? 1
        return (Int64(columns == 0 ? 0 : x.count / columns), Int64(columns))
    }

    package func softmax(_ x: Tensor, logarithm: Bool, into y: Tensor) {
        let (rows, columns) = rows(x)
        ll_softmax(rows, columns, x.pointer, y.pointer, x.dtype.code, logarithm)
    }

    package func softmaxBackward(_ y: Tensor, _ gy: Tensor, logarithm: Bool, into gx: Tensor) {
        let (rows, columns) = rows(y)
        ll_softmax_backward(rows, columns, y.pointer, gy.pointer, gx.pointer, y.dtype.code, logarithm)
    }

    package func crossEntropy(_ logits: Tensor, _ targets: [Int32], into loss: Tensor, _ logSumExp: Tensor) {
        let (rows, columns) = rows(logits)
        ll_cross_entropy(rows, columns, logits.floats, targets, loss.floats, logSumExp.floats)
    }

    package func crossEntropyBackward(
        _ logits: Tensor, _ targets: [Int32], _ logSumExp: Tensor, _ g: Tensor, into gx: Tensor
    ) {
        let (rows, columns) = rows(logits)
        ll_cross_entropy_backward(rows, columns, logits.floats, targets, logSumExp.floats, g.floats, gx.floats)
    }

    private func table(_ tensor: Tensor, _ rows: Int64) -> (perGroup: Int64, stride: Int64) {
        (tensor.shape[0] == 0 ? 1 : rows / Int64(tensor.shape[0]), Int64(tensor.strides[0]))
    }

    package func norm(
        _ x: Tensor, centred: Bool, eps: Float, _ affine: NormAffine, into y: Tensor, _ statistics: NormStatistics
    ) {
        let (rows, columns) = rows(x)
        let mean = centred ? statistics.mean.floats : nil
        switch affine {
        case .none:
            ll_norm(
                rows, columns, x.pointer, x.dtype.code, centred, eps, nil, nil, nil, nil, 1, 0, y.pointer, y.dtype.code, mean,
                statistics.rstd.floats)
        case .columns(let weight, let bias):
            ll_norm(
                rows, columns, x.pointer, x.dtype.code, centred, eps, weight?.floats, bias?.floats, nil, nil, 1, 0,
                y.pointer, y.dtype.code, mean, statistics.rstd.floats)
        case .modulated(let scale, let shift):
            let (perGroup, stride) = table(scale, rows)
            ll_norm(
                rows, columns, x.pointer, x.dtype.code, centred, eps, nil, nil, scale.floats, shift.floats, perGroup,
                stride, y.pointer, y.dtype.code, mean, statistics.rstd.floats)
        }
    }

    package func normBackward(
        _ x: Tensor, _ gy: Tensor, centred: Bool, _ affine: NormAffine, _ statistics: NormStatistics,
        into gx: Tensor, first: Tensor?, second: Tensor?
    ) {
        let (rows, columns) = rows(x)
        let mean = centred ? statistics.mean.floats : nil
        switch affine {
        case .none:
            ll_norm_backward(
                rows, columns, x.pointer, gy.pointer, x.dtype.code, gy.dtype.code, centred, mean, statistics.rstd.floats, nil,
                nil, 1, 0, gx.pointer, nil, nil, nil, nil)
        case .columns(let weight, _):
            ll_norm_backward(
                rows, columns, x.pointer, gy.pointer, x.dtype.code, gy.dtype.code, centred, mean, statistics.rstd.floats,
                weight?.floats, nil, 1, 0, gx.pointer, first?.floats, second?.floats, nil, nil)
        case .modulated(let scale, _):
            let (perGroup, stride) = table(scale, rows)
            ll_norm_backward(
                rows, columns, x.pointer, gy.pointer, x.dtype.code, gy.dtype.code, centred, mean, statistics.rstd.floats, nil,
                scale.floats, perGroup, stride, gx.pointer, nil, nil, first?.floats, second?.floats)
        }
    }

    private func spatial(_ x: Tensor) -> (batch: Int64, space: Int64, channels: Int64) {
        let (batch, channels) = (x.shape[0], x.shape[x.rank - 1])
        return (Int64(batch), Int64(x.count / max(1, batch * channels)), Int64(channels))
    }

    package func groupNorm(
        _ x: Tensor, groups: Int, eps: Float, weight: Tensor?, bias: Tensor?, silu: Bool, into y: Tensor,
        _ statistics: NormStatistics
    ) {
        let (batch, space, channels) = spatial(x)
        ll_group_norm(
            batch, space, channels, Int64(groups), x.pointer, x.dtype.code, eps, weight?.floats, bias?.floats, silu,
            y.pointer, statistics.mean.floats, statistics.rstd.floats)
    }

    package func groupNormBackward(
        _ x: Tensor, _ gy: Tensor, groups: Int, weight: Tensor?, bias: Tensor?, silu: Bool, _ statistics: NormStatistics,
        into gx: Tensor, gweight: Tensor?, gbias: Tensor?
    ) {
        let (batch, space, channels) = spatial(x)
        ll_group_norm_backward(
            batch, space, channels, Int64(groups), x.pointer, gy.pointer, x.dtype.code, statistics.mean.floats,
            statistics.rstd.floats, weight?.floats, bias?.floats, silu, gx.pointer, gweight?.floats, gbias?.floats)
    }

    package func gatedResidual(_ x: Tensor, gate: Tensor, _ h: Tensor, into y: Tensor) {
        let (rows, columns) = rows(x)
        let (perGroup, stride) = table(gate, rows)
        ll_gated_residual(
            rows, columns, x.pointer, x.dtype.code, gate.floats, perGroup, stride, h.pointer, h.dtype.code, y.pointer,
            y.dtype.code)
    }

    package func gatedResidualBackward(_ gy: Tensor, gate: Tensor, _ h: Tensor, into gh: Tensor, ggate: Tensor) {
        let (rows, columns) = rows(h)
        let (perGroup, stride) = table(gate, rows)
        ll_gated_residual_backward(
            rows, columns, gy.pointer, gy.dtype.code, gate.floats, perGroup, stride, h.pointer, h.dtype.code, gh.pointer,
            ggate.floats)
    }

    package func rotary(
        _ x: Tensor, turned: Int, _ angles: (cosines: Tensor, sines: Tensor), backwards: Bool, into y: Tensor
    ) {
        let (rows, heads, width) = (x.shape[0], x.shape[1], x.shape[2])
        ll_rotary(
            Int64(rows), Int64(angles.cosines.shape[0]), Int64(turned), Int64(heads - turned), Int64(width / 2), x.pointer,
            angles.cosines.floats, angles.sines.floats, backwards, y.pointer, x.dtype.code)
    }
}
