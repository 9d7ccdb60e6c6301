import Glibc
import Tensors

/// The cosine schedule in continuous time: α = cos(π t / 2), σ = sin(π t / 2), network time 1000 t (Kingma et
/// al. 2021).
///
/// With a shift s the log-SNR is moved by 2 ln s: below 1 adds noise, for larger pictures (Hoogeboom et al.
/// 2023, arXiv 2301.11093).
public struct VariancePreservingCosine: Schedule, Equatable {
    public static let name = "vp_cosine"
    public let shift: Double

    /// - Parameter shift: above 0; 1 for none.
    public init(shift: Double = 1) {
        require(shift > 0, "VariancePreservingCosine: shift \(shift)")
        self.shift = shift
    }

    public var steps: Int { 1000 }
    public var coordinates: PathCoordinates { .straight }
    public func alpha(_ t: Double) -> Double { mix(t).alpha }
    public func sigma(_ t: Double) -> Double { mix(t).sigma }
    public func networkTime(_ t: Double) -> Double { 1000 * t }

    private func mix(_ t: Double) -> (alpha: Double, sigma: Double) {
        if t >= 1 { return (0, 1) }
        let (c, s) = (cos(.pi / 2 * t), sin(.pi / 2 * t) / shift)
        let length = hypot(c, s)
        return (c / length, s / length)
    }
}
