import Glibc
import Tensors

/// Squared maximum mean discrepancy between two sets of points, unbiased, with the kernel e^(-|x - y|² / 2 h²): 0 on average where
/// both are of one law, below 0 by chance (Gretton et al. 2012, equation 3).
///
///     x: [N, D], y: [M, D], two rows or more each
///
/// - Parameter width: h, the distance at which points count as near.
public func pointDistance(_ x: Tensor, _ y: Tensor, width: Double = 0.2) -> Double {
    let (n, m) = (x.shape2.0, y.shape2.0)
    require(n > 1 && m > 1 && x.shape[1] == y.shape[1] && width > 0, "pointDistance: \(x.shape) and \(y.shape), width \(width)")
    return kernelSum(x, x, width, others: true) / Double(n * (n - 1)) + kernelSum(y, y, width, others: true) / Double(m * (m - 1))
        - 2 * kernelSum(x, y, width, others: false) / Double(n * m)
}

/// Sum of the kernel over pairs of rows; `others` leaves out a row with itself.
private func kernelSum(_ x: Tensor, _ y: Tensor, _ width: Double, others: Bool) -> Double {
    let D = x.shape[1]
    let (a, b) = (x.values, y.values)
    let ranges = pieces(x.shape[0], of: 128)
    return concurrently(ranges.count) { piece in
        var sum = 0.0
        for i in ranges[piece] {
            for j in 0..<y.shape[0] where j != i || !others {
                var square = 0.0
                for d in 0..<D {
                    let off = Double(a[i * D + d]) - Double(b[j * D + d])
                    square += off * off
                }
                sum += exp(-square / (2 * width * width))
            }
        }
        return sum
    }.reduce(0, +)
}
