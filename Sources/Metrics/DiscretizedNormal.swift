import Glibc

/// A normal distribution over the 256 values of a byte, its tails in the outermost (Ho et al. 2020, arXiv 2006.11239, section 3.3).
public struct DiscretizedNormal: Sendable {
    private let deviation: Double

    /// - Parameter deviation: in steps of a byte, positive.
    public init(deviation: Double) { self.deviation = deviation }

    /// -log2 of the chance of `value` around `mean`, both in steps of a byte.
    public func bits(_ value: Int, around mean: Double) -> Double {
        // The difference of two upper tails, on the side where they are small: no digits cancel.
        let (low, high) = (Double(value) - 0.5 - mean, Double(value) + 0.5 - mean)
        let near = value == 0 || (value != 255 && low + high < 0) ? -high : low
        let far = value == 0 || value == 255 ? Double.infinity : (low + high < 0 ? -low : high)
        return -log2(max(upperTail(near / deviation) - upperTail(far / deviation), 1e-300))
    }

    private func upperTail(_ x: Double) -> Double { erfc(x / 2.0.squareRoot()) / 2 }
}
