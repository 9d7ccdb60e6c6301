import Diffusion
import Tensors

/// Which mixture of normal distributions is meant: `shape`, and `modes`, `radius`, `turns`, `deviation` where the shape has them.
public struct MixtureSection {
    /// Shapes in the plane whose score is known exactly.
    public enum Shape: String, CaseIterable, Sendable {
        case ring, moons, spirals, circles, pinwheel
        case swissRoll = "swiss_roll"
        case checkerboard
    }

    public let mixture: GaussianMixture

    public init(_ section: Section) throws {
        let shape: Shape = try section.choice("shape", default: .ring)
        let count = try section.optionalInt("modes", in: 1...100_000)
        let deviation = try section.optionalNumber("deviation", in: Section.positive)
        switch shape {
        case .ring:
            mixture = .ring(
                count ?? 8, radius: try section.number("radius", default: 1, in: Section.positive),
                deviation: deviation ?? 0.1)
        case .moons: mixture = .moons(count ?? 64, deviation: deviation ?? 0.04)
        case .spirals:
            mixture = .spirals(
                count ?? 96, turns: try section.number("turns", default: 1.5, in: Section.positive),
                deviation: deviation ?? 0.03)
        case .circles: mixture = .circles(count ?? 64, deviation: deviation ?? 0.04)
        case .pinwheel: mixture = .pinwheel(count ?? 24, deviation: deviation ?? 0.05)
        case .swissRoll: mixture = .swissRoll(count ?? 160, deviation: deviation ?? 0.03)
        case .checkerboard:
            // Squares hold the square of it.
            mixture = .checkerboard(min(count ?? 8, 100), deviation: deviation ?? 0.025)
        }
    }

    /// A shape as it is when nothing else is said.
    public static func mixture(_ shape: Shape) -> GaussianMixture {
        switch shape {
        case .ring: .ring()
        case .moons: .moons()
        case .spirals: .spirals()
        case .circles: .circles()
        case .pinwheel: .pinwheel()
        case .swissRoll: .swissRoll()
        case .checkerboard: .checkerboard()
        }
    }
}
