import Glibc
import Tensors

/// Noise added to data that stay as they are: α = 1, σ = `most` t (Karras et al. 2022, arXiv 2206.00364). Network time 250 ln σ.
public struct VarianceExploding: Schedule, Equatable {
    public static let name = "variance_exploding"
    public let most: Double

    /// - Parameter most: the deviation at t = 1.
    public init(most: Double = 300) {
        require(most > 0, "VarianceExploding: \(most)")
        self.most = most
    }

    public var steps: Int { 1000 }
    public var coordinates: PathCoordinates { .ratio }
    public func alpha(_ t: Double) -> Double { 1 }
    public func sigma(_ t: Double) -> Double { most * t }
    public func networkTime(_ t: Double) -> Double { 250 * log(max(sigma(t), 1e-4)) }
}
