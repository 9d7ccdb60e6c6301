import Glibc
import Tensors

/// The published ways to choose β_1 ... β_T.
public enum BetaTable: Sendable, Equatable {
    /// Even from `start` to `end`, which are those of a thousand steps: both are scaled by 1000 / T (Nichol &
    /// Dhariwal 2021).
    case linear(start: Double = 1e-4, end: Double = 0.02)
    /// √β even from √start to √end, whatever T (Rombach et al. 2022, released configurations).
    case scaledLinear(start: Double = 0.00085, end: Double = 0.012)
    /// ᾱ = cos²((t + offset) / (1 + offset) · π/2) over its value at 0, β capped (Nichol & Dhariwal 2021,
    /// equation 17) and at least `least` (Strudel et al. 2022, arXiv 2211.04236).
    case cosine(offset: Double = 0.008, cap: Double = 0.999, least: Double = 0)
    /// ᾱ = 1 - √(t + offset) over its value at 0, β capped (Li et al. 2022, arXiv 2205.14217).
    case squareRoot(offset: Double = 1e-4, cap: Double = 0.999)

    /// Names used in experiment files.
    public static let named: [(name: String, table: BetaTable)] = [
        ("linear", .linear()), ("scaled_linear", .scaledLinear()), ("cosine", .cosine()), ("cosine_least", .cosine(least: 2e-3)),
        ("sqrt", .squareRoot()),
    ]

    public func betas(steps: Int) throws(InputError) -> [Double] {
        guard steps >= 1 else {
            throw InputError("a chain needs steps", at: "steps", expected: "a whole number from 1", found: "\(steps)")
        }
        func even(_ start: Double, _ end: Double) -> [Double] {
            (0..<steps).map { steps == 1 ? start : start + (end - start) * Double($0) / Double(steps - 1) }
        }
        func ratios(_ cap: Double, _ alphaBar: (Double) -> Double) -> [Double] {
            (0..<steps).map { i in
                min(cap, 1 - alphaBar(Double(i + 1) / Double(steps)) / alphaBar(Double(i) / Double(steps)))
            }
        }
        switch self {
        case .linear(let start, let end):
            let scale = 1000 / Double(steps)
            return even(scale * start, scale * end)
        case .scaledLinear(let start, let end):
            return even(start.squareRoot(), end.squareRoot()).map { $0 * $0 }
        case .cosine(let offset, let cap, let least):
            return ratios(cap) { t in
                let c = cos((t + offset) / (1 + offset) * .pi / 2)
                return c * c
            }.map { max(least, $0) }
        case .squareRoot(let offset, let cap):
            return ratios(cap) { t in 1 - (t + offset).squareRoot() }
        }
    }
}
