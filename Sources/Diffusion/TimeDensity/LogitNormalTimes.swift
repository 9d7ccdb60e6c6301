import Glibc
import Tensors

/// ln(t / (1 - t)) is normal: training looks most at the middle (Esser et al. 2024, equation 19, arXiv
/// 2403.03206).
///
/// It is meant to change the weighting, so weights are 1.
public struct LogitNormalTimes: TimeDensity, Equatable {
    public static let name = "logit_normal"
    public let mean, deviation: Double

    /// - Parameter mean: positive prefers noise.
    public init(mean: Double = 0, deviation: Double = 1) {
        require(deviation > 0, "LogitNormalTimes: deviation \(deviation)")
        self.mean = mean
        self.deviation = deviation
    }

    public func time(at u: Double) -> (time: Double, weight: Double) {
        (1 / (1 + exp(-(mean + deviation * normalQuantile(u)))), 1)
    }
}

/// The number below which a share `u` of a standard normal lies, by bisection; between -9 and 9.
func normalQuantile(_ u: Double) -> Double {
    var (low, high) = (-9.0, 9.0)
    for _ in 0..<60 {
        let middle = (low + high) / 2
        if 0.5 * erfc(-middle / 2.0.squareRoot()) < u { low = middle } else { high = middle }
    }
    return (low + high) / 2
}
