// Shapes are plain `[Int]`; these are the rules they obey.

extension [Int] {
    /// Number of elements of a tensor of this shape.
    package var elementCount: Int { reduce(1, *) }

    /// Row-major strides of a contiguous tensor of this shape, in elements.
    package var contiguousStrides: [Int] {
        var strides = [Int](repeating: 1, count: count)
        for i in indices.dropLast().reversed() { strides[i] = strides[i + 1] * self[i + 1] }
        return strides
    }

    /// Axis counted from the end when negative.
    package func resolvedAxis(_ axis: Int, _ operation: StaticString) -> Int {
        let resolved = axis < 0 ? axis + count : axis
        require(resolved >= 0 && resolved < count, "\(operation): axis \(axis) of a tensor of shape \(self)")
        return resolved
    }
}

/// The shape both broadcast to under NumPy's rules: aligned at the end, equal or 1 in each place.
package func broadcastShape(_ a: [Int], _ b: [Int], _ operation: StaticString) -> [Int] {
    if a == b { return a }
    let rank = max(a.count, b.count)
    var shape = [Int](repeating: 1, count: rank)
    for i in 0..<rank {
        let x = i < rank - a.count ? 1 : a[i - (rank - a.count)]
        let y = i < rank - b.count ? 1 : b[i - (rank - b.count)]
        require(x == y || x == 1 || y == 1, "\(operation): shapes \(a) and \(b) do not broadcast")
        shape[i] = x == 1 ? y : x
    }
    return shape
}

/// Strides that read a tensor of `shape` and `strides` as if it had shape `target`: 0 where it repeats.
package func broadcastStrides(_ shape: [Int], _ strides: [Int], to target: [Int]) -> [Int] {
    let missing = target.count - shape.count
    return target.indices.map { i in
        i < missing || (shape[i - missing] == 1 && target[i] != 1) ? 0 : strides[i - missing]
    }
}
