import Tensors
import Testing

/// Whole tensors are equal within `relative` of the largest expected magnitude plus `absolute`. The worst element is named.
public func expectClose(
    _ found: Tensor, _ expected: Tensor, relative: Float = 1e-4, absolute: Float = 0, _ comment: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard found.shape == expected.shape else {
        Issue.record("\(comment) shape \(found.shape), expected \(expected.shape)", sourceLocation: sourceLocation)
        return
    }
    let (f, e) = (found.values, expected.values)
    let bound = absolute + relative * (e.map(abs).max() ?? 0)
    var worst = -1
    var distance: Float = -1
    for i in f.indices {
        let d = f[i].isFinite && e[i].isFinite ? abs(f[i] - e[i]) : (f[i] == e[i] || f[i].isNaN && e[i].isNaN ? 0 : .infinity)
        if d > distance { (worst, distance) = (i, d) }
    }
    if distance > bound {
        Issue.record(
            "\(comment) element \(worst) of \(found.shape): \(f[worst]), expected \(e[worst]); off by \(distance), allowed \(bound)",
            sourceLocation: sourceLocation)
    }
}

/// Bit for bit.
public func expectIdentical(
    _ found: Tensor, _ expected: Tensor, _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
    let (f, e) = (found.values, expected.values)
    guard found.shape == expected.shape, let i = f.indices.first(where: { f[$0].bitPattern != e[$0].bitPattern }) else {
        #expect(found.shape == expected.shape, "\(comment)", sourceLocation: sourceLocation)
        return
    }
    Issue.record("\(comment) element \(i): \(f[i]) is not \(e[i])", sourceLocation: sourceLocation)
}
