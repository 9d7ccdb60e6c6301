import Tensors

/// What is wrong between two arrays, or nil: `#expect(difference(a, b, within: 1e-5) == nil)`.
///
/// Every element must be within `tolerance` times the larger of 1 and the largest expected magnitude.
public func difference(_ found: Tensor, _ expected: Tensor, within tolerance: Float) -> String? {
    precondition(tolerance >= 0, "difference: tolerance \(tolerance)")
    guard found.shape == expected.shape else { return "shape \(found.shape), expected \(expected.shape)" }
    let (a, b) = (found.values, expected.values)
    let scale = b.reduce(1) { max($0, abs($1)) }
    var worst: (index: Int, error: Float)?
    for i in a.indices {
        let error = abs(a[i] - b[i])
        if error.isNaN { return "\(a[i]) at \(position(i, found.shape)), expected \(b[i])" }
        if error > tolerance * scale, error > worst?.error ?? 0 { worst = (i, error) }
    }
    return worst.map {
        "\(a[$0.index]) at \(position($0.index, found.shape)), expected \(b[$0.index]): off by \($0.error), "
            + "allowed \(tolerance * scale), shape \(found.shape)"
    }
}

private func position(_ index: Int, _ shape: [Int]) -> [Int] {
    var rest = index
    return shape.reversed().map { size in
        defer { rest /= size }
        return rest % size
    }.reversed()
}
