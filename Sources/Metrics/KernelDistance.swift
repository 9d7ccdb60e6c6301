import Tensors

/// Squared maximum mean discrepancy between two sets of features, unbiased, with the kernel (x·y / F + 1)³: 0 on average where both
/// are of one law, below 0 by chance (Gretton et al. 2012; Bińkowski et al. 2018, arXiv 1801.01401, section 3).
///
/// Unlike a Fréchet distance it is not biased by small counts. It is called KID only where the features are the published Inception
/// network's.
///
///     x: [N, F], y: [M, F], two rows or more each
public func kernelDistance(_ x: Tensor, _ y: Tensor) -> Double {
    let (n, m) = (x.shape2.0, y.shape2.0)
    require(n > 1 && m > 1 && x.shape[1] == y.shape[1], "kernelDistance: \(x.shape) and \(y.shape)")
    return kernelSum(x, x, others: true) / Double(n * (n - 1)) + kernelSum(y, y, others: true) / Double(m * (m - 1))
        - 2 * kernelSum(x, y, others: false) / Double(n * m)
}

/// Sum of the kernel over pairs of rows; `others` leaves out a row with itself.
private func kernelSum(_ x: Tensor, _ y: Tensor, others: Bool) -> Double {
    let ranges = pieces(x.shape[0], of: 128)
    let turned = y.transposed()
    let columns = y.shape[0]
    let scale = 1 / Double(x.shape[1])
    return concurrently(ranges.count) { piece in
        let rows = ranges[piece]
        var sum = 0.0
        matmul(x.slice(0, rows), turned).values.withUnsafeBufferPointer { products in
            for i in rows {
                let start = (i - rows.lowerBound) * columns
                for j in 0..<columns where j != i || !others {
                    let k = Double(products[start + j]) * scale + 1
                    sum += k * k * k
                }
            }
        }
        return sum
    }.reduce(0, +)
}
