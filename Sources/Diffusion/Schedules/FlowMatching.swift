import Tensors

/// Straight paths from data to noise: α = 1 - σ, σ = t, network time 1000 σ (Lipman et al. 2022, arXiv
/// 2210.02747).
///
/// With a shift s, σ = s t / (1 + (s - 1) t): more time near the noise, for larger pictures (Esser et al.
/// 2024, section 5.3.2).
public struct FlowMatching: Schedule, Equatable {
    public static let name = "flow"
    public let shift: Double

    /// - Parameter shift: above 0; 1 for none.
    public init(shift: Double = 1) {
        require(shift > 0, "FlowMatching: shift \(shift)")
        self.shift = shift
    }

    public var steps: Int { 1000 }
    public var coordinates: PathCoordinates { .straight }
    public func alpha(_ t: Double) -> Double { (1 - t) / (1 + (shift - 1) * t) }
    public func sigma(_ t: Double) -> Double { shift * t / (1 + (shift - 1) * t) }
    public func networkTime(_ t: Double) -> Double { 1000 * sigma(t) }
}
