import Tensors

/// Mean and covariance of features, gathered in f64 over as many batches as are added.
///
/// What the features are is the caller's business: a distance is only comparable over the same extractor
/// and sample count.
public struct FeatureStatistics: Sendable {
    public let width: Int
    public private(set) var count = 0
    /// Sums are taken around the first row, so that a large common mean does not eat the digits.
    private var origin: [Double] = []
    private var sum: [Double]
    private var products: [Double]

    public init(width: Int) {
        require(width > 0, "FeatureStatistics: width \(width)")
        self.width = width
        sum = [Double](repeating: 0, count: width)
        products = [Double](repeating: 0, count: width * width)
    }

    /// features: `[N, width]`.
    public mutating func add(_ features: Tensor) {
        let (rows, columns) = features.shape2
        require(columns == width, "FeatureStatistics: features \(features.shape) for width \(width)")
        let values = features.values
        if origin.isEmpty, rows > 0 { origin = values[0..<width].map(Double.init) }
        var row = [Double](repeating: 0, count: width)
        for r in 0..<rows {
            for i in 0..<width { row[i] = Double(values[r * width + i]) - origin[i] }
            for i in 0..<width {
                sum[i] += row[i]
                let left = row[i]
                for j in 0...i { products[i * width + j] += left * row[j] }
            }
        }
        count += rows
    }

    public var mean: [Double] {
        require(count > 0, "FeatureStatistics: nothing was added")
        return zip(origin, sum).map { $0 + $1 / Double(count) }
    }

    /// Row-major `[width, width]`, divided by count - 1.
    public var covariance: [Double] {
        require(count > 1, "FeatureStatistics: a covariance needs two rows, there are \(count)")
        let n = Double(count)
        var result = [Double](repeating: 0, count: width * width)
        for i in 0..<width {
            for j in 0...i {
                let value = (products[i * width + j] - sum[i] * sum[j] / n) / (n - 1)
                result[i * width + j] = value
                result[j * width + i] = value
            }
        }
        return result
    }
}

/// Fréchet distance between two normal distributions (Dowson & Landau 1982):
/// |μ₁ - μ₂|² + tr(C₁ + C₂ - 2 (C₁½ C₂ C₁½)½).
///
/// It is called FID only where the features are the published Inception network's.
public func frechetDistance(_ a: FeatureStatistics, _ b: FeatureStatistics) -> Double {
    require(a.width == b.width, "frechetDistance: widths \(a.width) and \(b.width)")
    return frechetDistance(meanA: a.mean, covarianceA: a.covariance, meanB: b.mean, covarianceB: b.covariance)
}

/// The same from means `[n]` and row-major covariances `[n, n]`.
public func frechetDistance(
    meanA: [Double], covarianceA: [Double], meanB: [Double], covarianceB: [Double]
) -> Double {
    let n = meanA.count
    require(
        meanB.count == n && covarianceA.count == n * n && covarianceB.count == n * n,
        "frechetDistance: means \(n) and \(meanB.count), covariances \(covarianceA.count) and \(covarianceB.count)"
    )
    var distance = 0.0
    for i in 0..<n {
        let step = meanA[i] - meanB[i]
        distance += step * step + covarianceA[i * n + i] + covarianceB[i * n + i]
    }
    let root = SymmetricEigen(covarianceA, n).squareRoot()
    var inner = multiplied(multiplied(root, covarianceB, n), root, n)
    for i in 0..<n {
        for j in 0..<i {
            let value = (inner[i * n + j] + inner[j * n + i]) / 2
            inner[i * n + j] = value
            inner[j * n + i] = value
        }
    }
    let overlap = SymmetricEigen(inner, n).values.reduce(0) { $0 + max(0, $1).squareRoot() }
    // Rounding can leave a distance of equal distributions a little below 0.
    return max(0, distance - 2 * overlap)
}

private func multiplied(_ a: [Double], _ b: [Double], _ n: Int) -> [Double] {
    var c = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
        for k in 0..<n {
            let left = a[i * n + k]
            if left == 0 { continue }
            for j in 0..<n { c[i * n + j] += left * b[k * n + j] }
        }
    }
    return c
}
