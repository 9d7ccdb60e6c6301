// Functions of two tensors with NumPy's broadcasting.

/// Sums `x` over what broadcasting repeated, back to `shape`.
package func summed(_ x: Tensor, to shape: [Int]) -> Tensor {
    if x.shape == shape { return x }
    let missing = x.rank - shape.count
    let axes = x.shape.indices.filter { $0 < missing || (shape[$0 - missing] == 1 && x.shape[$0] != 1) }
    return x.sum(axes, keep: true).reshaped(shape)
}

private func combined(_ op: BinaryOp, _ a: Tensor, _ b: Tensor, _ name: StaticString) -> Tensor {
    let y = Tensor(uninitialized: broadcastShape(a.shape, b.shape, name), .promoted(a.dtype, b.dtype))
    backend.binary(op, a, b, into: y)
    return y
}

public func + (a: Tensor, b: Tensor) -> Tensor {
    let (na, nb, sa, sb) = (a.node, b.node, a.shape, b.shape)
    return recorded("add", combined(.add, a, b, "add"), a, b) { g, table in
        table.add(summed(g, to: sa), to: na)
        table.add(summed(g, to: sb), to: nb)
    }
}

public func - (a: Tensor, b: Tensor) -> Tensor {
    let (na, nb, sa, sb) = (a.node, b.node, a.shape, b.shape)
    return recorded("subtract", combined(.subtract, a, b, "subtract"), a, b) { g, table in
        table.add(summed(g, to: sa), to: na)
        table.add(summed(-g, to: sb), to: nb)
    }
}

public func * (a: Tensor, b: Tensor) -> Tensor {
    let (na, nb, sa, sb) = (a.node, b.node, a.shape, b.shape)
    // Only what the other side's gradient needs is kept.
    let (keptA, keptB) = (nb == nil ? nil : a.detached(), na == nil ? nil : b.detached())
    return recorded("multiply", combined(.multiply, a, b, "multiply"), a, b) { g, table in
        table.add(summed(g * keptB!, to: sa), to: na)
        table.add(summed(g * keptA!, to: sb), to: nb)
    }
}

public func / (a: Tensor, b: Tensor) -> Tensor {
    let (na, nb, sa, sb) = (a.node, b.node, a.shape, b.shape)
    let (valueA, valueB) = (a.detached(), b.detached())
    return recorded("divide", combined(.divide, a, b, "divide"), a, b) { g, table in
        let scaled = g / valueB
        table.add(summed(scaled, to: sa), to: na)
        table.add(summed(-(scaled * valueA / valueB), to: sb), to: nb)
    }
}

/// The larger of each pair; equal ones share the gradient.
public func maximum(_ a: Tensor, _ b: Tensor) -> Tensor { extreme(.maximum, .greater, a, b, "maximum") }

/// The smaller of each pair; equal ones share the gradient.
public func minimum(_ a: Tensor, _ b: Tensor) -> Tensor { extreme(.minimum, .less, a, b, "minimum") }

private func extreme(_ op: BinaryOp, _ wins: BinaryOp, _ a: Tensor, _ b: Tensor, _ name: StaticString) -> Tensor {
    let (na, nb, sa, sb) = (a.node, b.node, a.shape, b.shape)
    let (valueA, valueB) = (a.detached(), b.detached())
    return recorded(name, combined(op, a, b, name), a, b) { g, table in
        let tie = combined(.equal, valueA, valueB, name).scaled(0.5)
        table.add(summed(g * (combined(wins, valueA, valueB, name) + tie), to: sa), to: na)
        table.add(summed(g * (combined(wins, valueB, valueA, name) + tie), to: sb), to: nb)
    }
}

/// `mask` ≠ 0 takes `a`, else `b`. All three broadcast; no gradient for the mask.
public func select(_ mask: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
    let shape = broadcastShape(broadcastShape(mask.shape, a.shape, "select"), b.shape, "select")
    let full = mask.detached().broadcast(to: shape).cast(to: .f32).contiguous()
    let y = Tensor(uninitialized: shape)
    backend.select(
        full, a.detached().broadcast(to: shape).cast(to: .f32).contiguous(),
        b.detached().broadcast(to: shape).cast(to: .f32).contiguous(), into: y)
    let (na, nb, sa, sb) = (a.node, b.node, a.shape, b.shape)
    return recorded("select", y, a, b) { g, table in
        let zero = Tensor(0)
        table.add(summed(select(full, g, zero), to: sa), to: na)
        table.add(summed(select(full, zero, g), to: sb), to: nb)
    }
}

extension Tensor {
    /// 1 where equal, else 0; no gradient.
    public func equals(_ other: Tensor) -> Tensor { combined(.equal, detached(), other.detached(), "equals") }
    public func less(_ other: Tensor) -> Tensor { combined(.less, detached(), other.detached(), "less") }
    public func greater(_ other: Tensor) -> Tensor { combined(.greater, detached(), other.detached(), "greater") }
}

public prefix func - (x: Tensor) -> Tensor { x.scaled(-1) }
public func + (x: Tensor, s: Float) -> Tensor { x.scaled(1, plus: s) }
public func + (s: Float, x: Tensor) -> Tensor { x.scaled(1, plus: s) }
public func - (x: Tensor, s: Float) -> Tensor { x.scaled(1, plus: -s) }
public func - (s: Float, x: Tensor) -> Tensor { x.scaled(-1, plus: s) }
public func * (x: Tensor, s: Float) -> Tensor { x.scaled(s) }
public func * (s: Float, x: Tensor) -> Tensor { x.scaled(s) }
public func / (x: Tensor, s: Float) -> Tensor { x.scaled(1 / s) }
public func / (s: Float, x: Tensor) -> Tensor { x.reciprocal().scaled(s) }
