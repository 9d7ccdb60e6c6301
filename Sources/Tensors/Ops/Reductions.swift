// Sums, means and extremes over axes; results are f32.

extension Tensor {
    /// Over `axes` (all when nil), which are dropped unless `keep`.
    public func sum(_ axes: [Int]? = nil, keep: Bool = false) -> Tensor { reduced(.sum, "sum", axes, keep) }
    public func mean(_ axes: [Int]? = nil, keep: Bool = false) -> Tensor { reduced(.mean, "mean", axes, keep) }
    public func sum(_ axis: Int, keep: Bool = false) -> Tensor { sum([axis], keep: keep) }
    public func mean(_ axis: Int, keep: Bool = false) -> Tensor { mean([axis], keep: keep) }

    /// Largest along `axis`; equal ones share the gradient.
    public func max(_ axis: Int, keep: Bool = false) -> Tensor { extreme(.maximum, "max", axis, keep) }
    /// Smallest along `axis`; equal ones share the gradient.
    public func min(_ axis: Int, keep: Bool = false) -> Tensor { extreme(.minimum, "min", axis, keep) }

    /// Index of the largest along `axis`, the first among equals. Shape without that axis.
    public func argmax(_ axis: Int) -> Tokens {
        let axis = shape.resolvedAxis(axis, "argmax")
        let (outer, inner) = (Array(shape[..<axis]).elementCount, Array(shape[(axis + 1)...]).elementCount)
        let index = backend.argmax(cast(to: .f32).contiguous(), outer: outer, reduced: shape[axis], inner: inner)
        return Tokens(index, Array(shape[..<axis] + shape[(axis + 1)...]))
    }

    /// log Σ exp along the last axis, kept as size 1.
    public func logSumExp() -> Tensor {
        let top = max(-1, keep: true).detached()
        return (self - top).exp().sum([-1], keep: true).log() + top
    }

    private func reduced(_ op: ReduceOp, _ name: StaticString, _ axes: [Int]?, _ keep: Bool) -> Tensor {
        let axes = axes.map { $0.map { shape.resolvedAxis($0, name) }.sorted() } ?? Array(0..<rank)
        let (y, kept) = backendReduced(op, axes)
        let (node, original) = (self.node, shape)
        let scale: Float = op == .mean ? 1 / Float(Swift.max(1, axes.map { original[$0] }.elementCount)) : 1
        let result = recorded(name, y.reshaped(kept), self) { g, table in
            table.add((scale == 1 ? g : g.scaled(scale)).broadcast(to: original), to: node)
        }
        return keep ? result : result.reshaped(original.indices.filter { !axes.contains($0) }.map { original[$0] })
    }

    private func extreme(_ op: ReduceOp, _ name: StaticString, _ axis: Int, _ keep: Bool) -> Tensor {
        let axis = shape.resolvedAxis(axis, name)
        let (y, kept) = backendReduced(op, [axis])
        let value = y.reshaped(kept)
        let x = self
        let result = recorded(name, value, self) { g, table in
            let hits = x.equals(value)
            table.add(g * hits / hits.sum([axis], keep: true), to: x.node)
        }
        return keep ? result : result.squeezed(axis)
    }

    /// The reduced values and the shape with the reduced axes as 1.
    private func backendReduced(_ op: ReduceOp, _ axes: [Int]) -> (Tensor, [Int]) {
        let kept = shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
        let rest = shape.indices.filter { !axes.contains($0) }
        let adjacent = axes.isEmpty || axes.last! - axes.first! == axes.count - 1
        let x = detached()
        let y = Tensor(uninitialized: rest.map { shape[$0] })
        if adjacent {
            let first = axes.first ?? rank
            let last = axes.last ?? rank - 1
            backend.reduce(
                op, x.contiguous(), outer: Array(shape[..<first]).elementCount,
                reduced: axes.map { shape[$0] }.elementCount,
                inner: last + 1 < rank ? Array(shape[(last + 1)...]).elementCount : 1, into: y)
        } else {
            let moved = x.permuted(rest + axes).contiguous()
            backend.reduce(
                op, moved, outer: y.count, reduced: axes.map { shape[$0] }.elementCount, inner: 1, into: y)
        }
        return (y, kept)
    }
}
