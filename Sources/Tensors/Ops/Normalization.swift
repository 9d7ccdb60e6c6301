// Softmax, norms, gates and losses over rows.

extension Tensor {
    /// Along the last axis.
    public func softmax() -> Tensor { softmax("softmax", logarithm: false) }
    /// log softmax along the last axis.
    public func logSoftmax() -> Tensor { softmax("logSoftmax", logarithm: true) }

    private func softmax(_ name: StaticString, logarithm: Bool) -> Tensor {
        let y = Tensor(uninitialized: shape, dtype)
        backend.softmax(contiguous(), logarithm: logarithm, into: y)
        let node = self.node
        return recorded(name, y, self) { g, table in
            let gx = Tensor(uninitialized: y.shape, y.dtype)
            backend.softmaxBackward(y, g.cast(to: y.dtype).contiguous(), logarithm: logarithm, into: gx)
            table.add(gx, to: node)
        }
    }
}

/// Negative log-likelihood of `targets` in nats; a negative target counts 0.
///
///     logits: [..., V], targets: [...]
///     returns [...]
public func crossEntropy(_ logits: Tensor, _ targets: Tokens) -> Tensor {
    require(
        Array(logits.shape.dropLast()) == targets.shape, "crossEntropy: logits \(logits.shape) with targets \(targets.shape)")
    require(
        targets.values.allSatisfy { $0 < logits.shape[logits.rank - 1] },
        "crossEntropy: a target is not below \(logits.shape[logits.rank - 1])")
    let x = logits.cast(to: .f32).contiguous()
    let loss = Tensor(uninitialized: targets.shape)
    let logSumExp = Tensor(uninitialized: targets.shape)
    backend.crossEntropy(x.detached(), targets.values, into: loss, logSumExp)
    return recorded("crossEntropy", loss, x) { g, table in
        let gx = Tensor(uninitialized: x.shape)
        backend.crossEntropyBackward(x, targets.values, logSumExp, g.contiguous(), into: gx)
        table.add(gx, to: x.node)
    }
}

/// Layer norm over the last axis (Ba et al. 2016).
///
///     x: [..., D], weight, bias: [D]
public func layerNorm(_ x: Tensor, weight: Tensor? = nil, bias: Tensor? = nil, eps: Float) -> Tensor {
    rowNorm("layerNorm", x, centred: true, eps, weight, bias)
}

/// x / √(mean x² + eps), times weight (Zhang & Sennrich 2019).
///
///     x: [..., D], weight: [D]
public func rmsNorm(_ x: Tensor, weight: Tensor? = nil, eps: Float) -> Tensor {
    rowNorm("rmsNorm", x, centred: false, eps, weight, nil)
}

private func rowNorm(
    _ name: StaticString, _ x: Tensor, centred: Bool, _ eps: Float, _ weight: Tensor?, _ bias: Tensor?
) -> Tensor {
    let columns = x.shape[x.rank - 1]
    for p in [weight, bias] where p != nil {
        require(p!.shape == [columns], "\(name): parameter \(p!.shape) for x \(x.shape)")
    }
    let value = x.detached().contiguous()
    let affine: NormAffine =
        weight == nil && bias == nil ? .none : .columns(weight: weight?.detached(), bias: bias?.detached())
    let y = Tensor(uninitialized: x.shape, x.dtype)
    let rows = [x.count / Swift.max(1, columns)]
    let statistics = NormStatistics(mean: Tensor(uninitialized: rows), rstd: Tensor(uninitialized: rows))
    backend.norm(value, centred: centred, eps: eps, affine, into: y, statistics)
    let inputs = [x] + [weight, bias].compactMap { $0 }
    let (nx, nw, nb) = (x.node, weight?.node, bias?.node)
    return recorded(name, y, inputs: inputs) { gy, table in
        let gx = Tensor(uninitialized: value.shape, value.dtype)
        let gw = nw == nil ? nil : Tensor(uninitialized: [columns])
        let gb = nb == nil ? nil : Tensor(uninitialized: [columns])
        backend.normBackward(
            value, gy.cast(to: value.dtype).contiguous(), centred: centred, affine, statistics, into: gx, first: gw,
            second: gb)
        table.add(gx, to: nx)
        if let gw { table.add(gw, to: nw) }
        if let gb { table.add(gb, to: nb) }
    }
}

extension Tensor {
    /// `[B, D]` with contiguous rows, as the kernels take scale, shift and gate.
    fileprivate func modulationTable(_ batch: Int, _ columns: Int, _ name: StaticString) -> Tensor {
        require(shape == [batch, columns], "\(name): table \(shape) for \(batch) samples of width \(columns)")
        let table = detached().cast(to: .f32)
        return table.strides[1] == 1 || columns == 1 ? table : table.contiguous()
    }
}

/// Layer norm without parameters, then (1 + scale) x + shift with one row of each per sample (adaLN, Peebles & Xie 2023).
///
///     x: [B, N, D], scale, shift: [B, D]
///     returns [B, N, D], bf16 under bf16 precision: what follows is a product
public func normModulate(_ x: Tensor, scale: Tensor, shift: Tensor, eps: Float) -> Tensor {
    let (batch, columns) = (x.shape[0], x.shape[x.rank - 1])
    var tables = [
        scale.modulationTable(batch, columns, "normModulate"), shift.modulationTable(batch, columns, "normModulate"),
    ]
    if tables[0].strides[0] != tables[1].strides[0] { tables = tables.map { $0.contiguous() } }
    let affine = NormAffine.modulated(scale: tables[0], shift: tables[1])
    let value = x.detached().contiguous()
    let y = Tensor(uninitialized: x.shape, Context.current.precision == .bf16 ? .bf16 : x.dtype)
    let rows = [x.count / Swift.max(1, columns)]
    let statistics = NormStatistics(mean: Tensor(uninitialized: rows), rstd: Tensor(uninitialized: rows))
    backend.norm(value, centred: true, eps: eps, affine, into: y, statistics)
    let (nx, nScale, nShift) = (x.node, scale.node, shift.node)
    return recorded("normModulate", y, x, scale, shift) { gy, table in
        let gx = Tensor(uninitialized: value.shape, value.dtype)
        let gScale = Tensor(uninitialized: [batch, columns])
        let gShift = Tensor(uninitialized: [batch, columns])
        backend.normBackward(
            value, gy.cast(to: y.dtype).contiguous(), centred: true, affine, statistics, into: gx, first: gScale,
            second: gShift)
        table.add(gx, to: nx)
        table.add(gScale, to: nScale)
        table.add(gShift, to: nShift)
    }
}

/// x + gate · h, one row of gates per sample (adaLN-Zero's residual).
///
///     x, h: [B, N, D], gate: [B, D]
///     returns [B, N, D]
public func gatedResidual(_ x: Tensor, gate: Tensor, _ h: Tensor) -> Tensor {
    require(x.shape == h.shape, "gatedResidual: x \(x.shape) and h \(h.shape)")
    let columns = x.shape[x.rank - 1]
    let rows = gate.modulationTable(x.shape[0], columns, "gatedResidual")
    let branch = h.detached().contiguous()
    let y = Tensor(uninitialized: x.shape, x.dtype)
    backend.gatedResidual(x.detached().contiguous(), gate: rows, branch, into: y)
    let (nx, ng, nh) = (x.node, gate.node, h.node)
    return recorded("gatedResidual", y, x, gate, h) { gy, table in
        let gh = Tensor(uninitialized: branch.shape, branch.dtype)
        let gGate = Tensor(uninitialized: [branch.shape[0], columns])
        backend.gatedResidualBackward(gy.contiguous(), gate: rows, branch, into: gh, ggate: gGate)
        table.add(gy, to: nx)
        table.add(gh, to: nh)
        table.add(gGate, to: ng)
    }
}

/// Group norm over space and channels/groups, affine, then SiLU if asked (Wu & He 2018).
///
///     x: [B, ..., C], weight, bias: [C]
public func groupNorm(
    _ x: Tensor, groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, eps: Float, activation: Activation = .none
) -> Tensor {
    let channels = x.shape[x.rank - 1]
    require(channels % groups == 0, "groupNorm: \(channels) channels in \(groups) groups")
    require(activation == .none || activation == .silu, "groupNorm: only SiLU is fused, not \(activation)")
    let value = x.detached().contiguous()
    let (w, b) = (weight?.detached(), bias?.detached())
    let y = Tensor(uninitialized: x.shape, x.dtype)
    let statistics = NormStatistics(
        mean: Tensor(uninitialized: [x.shape[0], groups]), rstd: Tensor(uninitialized: [x.shape[0], groups]))
    let silu = activation == .silu
    backend.groupNorm(value, groups: groups, eps: eps, weight: w, bias: b, silu: silu, into: y, statistics)
    let (nx, nw, nb) = (x.node, weight?.node, bias?.node)
    return recorded("groupNorm", y, inputs: [x] + [weight, bias].compactMap { $0 }) { gy, table in
        let gx = Tensor(uninitialized: value.shape, value.dtype)
        let gw = nw == nil ? nil : Tensor(uninitialized: [channels])
        let gb = nb == nil ? nil : Tensor(uninitialized: [channels])
        backend.groupNormBackward(
            value, gy.cast(to: value.dtype).contiguous(), groups: groups, weight: w, bias: b, silu: silu, statistics,
            into: gx, gweight: gw, gbias: gb)
        table.add(gx, to: nx)
        if let gw { table.add(gw, to: nw) }
        if let gb { table.add(gb, to: nb) }
    }
}
