import Diffusion
import Glibc
import Tensors

/// How a cloud of points sits on the components of a mixture: does it reach all, and stay on them.
public struct ModeCoverage: Sendable {
    /// Share of the points within `reach` deviations of the component nearest to them.
    public let within: Double
    /// Share of the points nearest to each component.
    public let shares: [Double]
    /// Root mean square distance to the nearest component in its deviations, per dimension: 1 for exact points of components
    /// that lie apart, less where a model draws each too narrow.
    public let spread: Double

    /// - Parameters:
    ///   - points: `[B, D]`.
    ///   - reach: distance that counts as on the component, in deviations.
    public init(_ points: Tensor, of mixture: GaussianMixture, reach: Double = 3) {
        let (count, size) = points.shape2
        require(
            size == mixture.size && count > 0, "ModeCoverage: points \(points.shape) in \(mixture.size) dimensions")
        let values = points.values
        var counts = [Int](repeating: 0, count: mixture.components.count)
        var inside = 0
        var squares = 0.0
        for b in 0..<count {
            var nearest = (index: 0, distance: Double.infinity)
            for (i, c) in mixture.components.enumerated() {
                let square = (0..<size).reduce(0.0) { sum, d in
                    let off = (Double(values[b * size + d]) - c.mean[d]) / c.deviation[d]
                    return sum + off * off
                }
                if square < nearest.distance { nearest = (i, square) }
            }
            counts[nearest.index] += 1
            squares += nearest.distance
            if nearest.distance.squareRoot() <= reach { inside += 1 }
        }
        within = Double(inside) / Double(count)
        spread = (squares / Double(count * size)).squareRoot()
        shares = counts.map { Double($0) / Double(count) }
    }

    /// Largest difference between a component's share of the points and its weight.
    public func imbalance(of mixture: GaussianMixture) -> Double {
        zip(shares, mixture.components).map { abs($0 - $1.weight) }.max() ?? 0
    }
}
