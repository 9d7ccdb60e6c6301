import Tensors

/// A schedule whose noise is `factor` times as strong, the signal as it was (Gao et al. 2022, arXiv 2212.09412, section 3.4). Posterior means
/// do not change with the factor, deviations are multiplied by it.
public struct AmplifiedNoise: Schedule {
    public static let name = "amplified"
    public let base: any Schedule
    public let factor: Double

    public init(_ base: any Schedule, by factor: Double) {
        require(factor > 0, "AmplifiedNoise: factor \(factor)")
        self.base = base
        self.factor = factor
    }

    public var steps: Int { base.steps }
    public var coordinates: PathCoordinates { base.coordinates }
    public func alpha(_ t: Double) -> Double { base.alpha(t) }
    public func sigma(_ t: Double) -> Double { factor * base.sigma(t) }
    public func networkTime(_ t: Double) -> Double { base.networkTime(t) }
}
