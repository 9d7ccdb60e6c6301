// Views and rearrangements. Views share storage; their gradients are views or sums the other way.

extension Tensor {
    private func viewed(_ shape: [Int], strides: [Int], offset: Int) -> Tensor {
        Tensor(storage, shape, dtype, strides: strides, offset: offset, node: nil)
    }

    /// The same elements in row-major order under another shape; one size may be -1.
    public func reshaped(_ shape: [Int]) -> Tensor {
        var shape = shape
        if let free = shape.firstIndex(of: -1) {
            let known = -shape.elementCount
            require(known > 0 && count % known == 0, "reshaped: \(self.shape) into \(shape)")
            shape[free] = count / known
        }
        require(shape.elementCount == count, "reshaped: \(self.shape) into \(shape)")
        if shape == self.shape { return self }
        let x = contiguous()
        let y = x.viewed(shape, strides: shape.contiguousStrides, offset: x.offset)
        let (node, original) = (self.node, self.shape)
        return recorded("reshaped", y, self) { g, table in table.add(g.reshaped(original), to: node) }
    }

    /// Axis i of the result is axis `axes[i]` of this tensor.
    public func permuted(_ axes: [Int]) -> Tensor {
        require(axes.sorted() == Array(0..<rank), "permuted: axes \(axes) of shape \(shape)")
        let y = viewed(axes.map { shape[$0] }, strides: axes.map { strides[$0] }, offset: offset)
        var inverse = axes
        for (i, axis) in axes.enumerated() { inverse[axis] = i }
        let (node, undo) = (self.node, inverse)
        return recorded("permuted", y, self) { g, table in table.add(g.permuted(undo), to: node) }
    }

    /// Swaps the last two axes.
    public func transposed() -> Tensor {
        require(rank >= 2, "transposed: shape \(shape)")
        return permuted(Array(0..<(rank - 2)) + [rank - 1, rank - 2])
    }

    /// A new axis of size 1, a view.
    public func unsqueezed(_ axis: Int) -> Tensor {
        let axis = axis < 0 ? axis + rank + 1 : axis
        var (shape, strides) = (self.shape, self.strides)
        shape.insert(1, at: axis)
        strides.insert(axis < rank ? self.strides[axis] * self.shape[axis] : 1, at: axis)
        let y = viewed(shape, strides: strides, offset: offset)
        let (node, original) = (self.node, self.shape)
        return recorded("unsqueezed", y, self) { g, table in table.add(g.reshaped(original), to: node) }
    }

    /// Without an axis of size 1, a view.
    public func squeezed(_ axis: Int) -> Tensor {
        let axis = shape.resolvedAxis(axis, "squeezed")
        require(shape[axis] == 1, "squeezed: axis \(axis) of shape \(shape)")
        var (shape, strides) = (self.shape, self.strides)
        shape.remove(at: axis)
        strides.remove(at: axis)
        let y = viewed(shape, strides: strides, offset: offset)
        let (node, original) = (self.node, self.shape)
        return recorded("squeezed", y, self) { g, table in table.add(g.reshaped(original), to: node) }
    }

    /// Elements `range` along `axis`, a view.
    public func slice(_ axis: Int, _ range: Range<Int>) -> Tensor {
        let axis = shape.resolvedAxis(axis, "slice")
        require(
            range.lowerBound >= 0 && range.upperBound <= shape[axis], "slice: \(range) of axis \(axis) of shape \(shape)")
        var shape = self.shape
        shape[axis] = range.count
        let y = viewed(shape, strides: strides, offset: offset + range.lowerBound * strides[axis])
        let node = self.node
        return recorded("slice", y, self) { g, table in
            table.add(g, to: node) { whole in whole.detached().slice(axis, range) }
        }
    }

    /// `n` equal parts along `axis`.
    public func chunked(_ n: Int, axis: Int) -> [Tensor] {
        let axis = shape.resolvedAxis(axis, "chunked")
        require(shape[axis] % n == 0, "chunked: axis \(axis) of shape \(shape) into \(n)")
        let size = shape[axis] / n
        return (0..<n).map { slice(axis, $0 * size..<($0 + 1) * size) }
    }

    /// Repeated to `target` without copying.
    public func broadcast(to target: [Int]) -> Tensor {
        if shape == target { return self }
        require(
            broadcastShape(shape, target, "broadcast") == target, "broadcast: \(shape) does not broadcast to \(target)")
        let y = viewed(target, strides: broadcastStrides(shape, strides, to: target), offset: offset)
        let (node, original) = (self.node, self.shape)
        return recorded("broadcast", y, self) { g, table in table.add(summed(g, to: original), to: node) }
    }

    /// Reversed along `axis`.
    public func flipped(_ axis: Int) -> Tensor {
        let axis = shape.resolvedAxis(axis, "flipped")
        var strides = self.strides
        strides[axis] = -strides[axis]
        // Rows that run backwards are nothing for kernels to meet: the view is copied at once.
        let y = viewed(shape, strides: strides, offset: offset - Swift.max(0, shape[axis] - 1) * strides[axis]).contiguous()
        let node = self.node
        return recorded("flipped", y, self) { g, table in table.add(g.flipped(axis), to: node) }
    }

    /// Slices `indices` along `axis`, in that order.
    public func gathered(_ axis: Int, _ indices: [Int]) -> Tensor {
        concatenated(indices.map { slice(axis, $0..<$0 + 1) }, axis: axis)
    }
}

/// Joined along an existing axis.
public func concatenated(_ xs: [Tensor], axis: Int) -> Tensor {
    require(!xs.isEmpty, "concatenated: nothing to join")
    let axis = xs[0].shape.resolvedAxis(axis, "concatenated")
    var shape = xs[0].shape
    shape[axis] = 0
    for x in xs {
        require(
            x.rank == shape.count && shape.indices.allSatisfy { $0 == axis || x.shape[$0] == shape[$0] },
            "concatenated: shapes \(xs[0].shape) and \(x.shape) along axis \(axis)")
        shape[axis] += x.shape[axis]
    }
    let y = Tensor(uninitialized: shape, xs.dropFirst().reduce(xs[0].dtype) { .promoted($0, $1.dtype) })
    var start = 0
    var parts: [(Node?, Range<Int>)] = []
    for x in xs {
        let range = start..<start + x.shape[axis]
        backend.copy(x, into: y.slice(axis, range), accumulating: false)
        parts.append((x.node, range))
        start = range.upperBound
    }
    let slices = parts
    return recorded("concatenated", y, inputs: xs) { g, table in
        for (node, range) in slices { table.add(g.slice(axis, range), to: node) }
    }
}

/// Joined along a new axis.
public func stacked(_ xs: [Tensor], axis: Int) -> Tensor {
    concatenated(xs.map { $0.unsqueezed(axis) }, axis: axis)
}

/// Continued by mirror images at both ends of an axis, again and again where it is short; a single element is repeated.
///
///     x: [..., L, ...]
///     returns [..., L + 2 margin, ...]
public func reflected(_ x: Tensor, by margin: Int, axis: Int = 1) -> Tensor {
    let axis = x.shape.resolvedAxis(axis, "reflected")
    let length = x.shape[axis]
    require(length > 0 && margin >= 0, "reflected: axis \(axis) of shape \(x.shape) by \(margin)")
    if margin == 0 { return x }
    if length == 1 {
        var shape = x.shape
        shape[axis] = 1 + 2 * margin
        return x.broadcast(to: shape)
    }
    let part = min(margin, length - 1)
    let (before, after) = (x.slice(axis, 1..<part + 1), x.slice(axis, length - 1 - part..<length - 1))
    return reflected(concatenated([before.flipped(axis), x, after.flipped(axis)], axis: axis), by: margin - part, axis: axis)
}
