/// g v / |v|, with a norm for each index of one axis (Salimans and Kingma 2016, arXiv 1602.07868).
///
/// Where no gradient is wanted, the product is made once and kept until v or g changes.
///
///     v: [..., R, ...], g: [R]
///     returns the shape of v
public func weightNormed(_ v: Tensor, _ g: Tensor, axis: Int = 0) -> Tensor {
    let axis = v.shape.resolvedAxis(axis, "weightNormed")
    require(v.rank > 1 && g.shape == [v.shape[axis]], "weightNormed: directions \(v.shape) with lengths \(g.shape)")
    if willRecord(v, g) || !v.isContiguous || v.offset != 0 { return product(v, g, axis) }
    // What v keeps holds the mark of the g it was made with, which goes when g changes.
    let mark = g.storage.form("mark") { FoldedWeight.Mark() }
    let kept = v.storage.form("folded \(v.shape) \(axis)") { FoldedWeight(product(v.detached(), g.detached(), axis), mark) }
    return kept?.mark === mark ? kept!.weight : product(v, g, axis)
}

private func product(_ v: Tensor, _ g: Tensor, _ axis: Int) -> Tensor {
    let others = (0..<v.rank).filter { $0 != axis }
    let norms = v.square().sum(others, keep: true).sqrt()
    return v * (g.reshaped(norms.shape) / norms)
}

private final class FoldedWeight: Sendable {
    final class Mark: Sendable {}

    let weight: Tensor
    let mark: Mark?

    init(_ weight: Tensor, _ mark: Mark?) { (self.weight, self.mark) = (weight, mark) }
}
