// Categorical diffusion: rows of chances over K codes and a mask, index K.

/// How a row goes from a noisier token x to a cleaner one, as numbers: with predicted chances p of the clean code, weights w and
/// S = Σ p_k w_k, code j has the chance c_j (keep p_j w_j + replace S) and the mask `masked` S. Weight w and factor c have one
/// value at j = x and another elsewhere.
public struct CategoricalRow: Sendable, Equatable {
    public var weight, ownWeight, factor, ownFactor, keep, replace, masked: Double

    public init(
        weight: Double, ownWeight: Double, factor: Double, ownFactor: Double, keep: Double, replace: Double, masked: Double
    ) {
        self.weight = weight
        self.ownWeight = ownWeight
        self.factor = factor
        self.ownFactor = ownFactor
        self.keep = keep
        self.replace = replace
        self.masked = masked
    }

}

/// Log chances of the cleaner token, the mask last; normalised, at least -70.
///
///     logits: [..., K] of the clean code, x: [...] with K for the mask, rows: one for each x
///     returns [..., K + 1]
public func categoricalPosterior(_ logits: Tensor, _ x: Tokens, _ rows: [CategoricalRow]) -> Tensor {
    check("categoricalPosterior", logits, x, rows)
    let K = logits.shape[logits.rank - 1]
    let y = Tensor(uninitialized: x.shape + [K + 1])
    backend.categoricalPosterior(
        logits.detached().cast(to: .f32).contiguous(), x.values, steps: numbers(rows), into: y)
    return y
}

/// KL(q ‖ p) in nats, where q is the posterior of the true code and p the one mixed over the predicted chances.
///
///     logits: [..., K], x: [...] with K for the mask, clean: [...], -1 where nothing is asked; rows: one for each x
///     returns [...]
public func categoricalBound(_ logits: Tensor, _ x: Tokens, clean: Tokens, _ rows: [CategoricalRow]) -> Tensor {
    check("categoricalBound", logits, x, rows)
    require(clean.shape == x.shape, "categoricalBound: clean \(clean.shape) for tokens \(x.shape)")
    let value = logits.cast(to: .f32).contiguous()
    let loss = Tensor(uninitialized: x.shape)
    let gradient = Tensor(uninitialized: value.shape)
    backend.categoricalBound(
        value.detached(), x.values, clean: clean.values, steps: numbers(rows), into: loss, gradient)
    return recorded("categoricalBound", loss, value) { g, table in
        table.add(gradient * g.unsqueezed(g.rank), to: value.node)
    }
}

/// The smallest set of columns that holds at least `share` of softmax(x); the others become -∞. The likeliest always stays.
///
///     x: [..., K]
public func keepingLikely(_ x: Tensor, share: Float) -> Tensor {
    let x = x.detached().cast(to: .f32).contiguous()
    let y = Tensor(uninitialized: x.shape)
    backend.keepLikely(x, share: share, into: y)
    return y
}

/// One index of each row of softmax(x), by its quantile in [0, 1); sums are taken in double precision.
///
///     x: [..., K], quantiles: one for each row
///     returns [...]
public func drawn(_ x: Tensor, at quantiles: [Double]) -> Tokens {
    let shape = Array(x.shape.dropLast())
    require(quantiles.count == shape.elementCount, "drawn: \(quantiles.count) quantiles for rows of \(x.shape)")
    return Tokens(backend.draw(x.detached().cast(to: .f32).contiguous(), quantiles), shape)
}

/// In the order that backends read.
private func numbers(_ rows: [CategoricalRow]) -> Tensor {
    var values: [Float] = []
    values.reserveCapacity(8 * rows.count)
    for r in rows {
        values.append(Float(r.weight))
        values.append(Float(r.ownWeight))
        values.append(Float(r.factor))
        values.append(Float(r.ownFactor))
        values.append(Float(r.keep))
        values.append(Float(r.replace))
        values.append(Float(r.masked))
        values.append(0)
    }
    return Tensor(values, [rows.count, 8])
}

private func check(_ name: StaticString, _ logits: Tensor, _ x: Tokens, _ rows: [CategoricalRow]) {
    require(
        Array(logits.shape.dropLast()) == x.shape && rows.count == x.count,
        "\(name): logits \(logits.shape) and \(rows.count) rows for tokens \(x.shape)")
    let K = logits.shape[logits.rank - 1]
    require(x.values.allSatisfy { 0...Int32(K) ~= $0 }, "\(name): a token is not below \(K + 1)")
}
