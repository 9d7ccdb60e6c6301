import Glibc
import Tensors

/// The cosine of Bit Diffusion's published code, α² = cos²((t + 0.0002) / 1.00025 · π/2): a little noise is left near the data, a little
/// signal where t = 1 (Chen et al. 2022, arXiv 2208.04202, algorithm 1). Where t = 0 the state is the data themselves.
public struct GammaCosine: Schedule, Equatable {
    public static let name = "gamma_cosine"

    public init() {}

    public var steps: Int { 1000 }
    public var coordinates: PathCoordinates { .straight }
    public func alpha(_ t: Double) -> Double { t <= 0 ? 1 : cos(angle(t)) }
    public func sigma(_ t: Double) -> Double { t <= 0 ? 0 : sin(angle(t)) }
    public func networkTime(_ t: Double) -> Double { 1000 * t }

    private func angle(_ t: Double) -> Double { (min(t, 1) + 0.0002) / 1.00025 * .pi / 2 }
}
