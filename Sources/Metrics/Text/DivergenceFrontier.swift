import Glibc
import Tensors

/// What two histograms say of each other's mass: where samples draw what is not real, and where what is real is never drawn
/// (Pillutla et al. 2021, arXiv 2102.01454; Liu et al. 2021, arXiv 2106.07898).
public struct DivergenceFrontier: Sendable, Equatable {
    /// A point of the curve, with r = λ real + (1 - λ) samples.
    public struct Point: Sendable, Equatable {
        /// exp(-c KL(samples ‖ r)): 1 where nothing is drawn that is not real.
        public let precision: Double
        /// exp(-c KL(real ‖ r)): 1 where all that is real is drawn.
        public let recall: Double
    }

    /// From (1, 0) to (0, 1).
    public let curve: [Point]
    /// MAUVE: the area under the curve, 1 for equal histograms.
    public let area: Double
    /// The frontier integral (Liu et al. 2021): the mean over λ of the divergences weighted by λ and 1 - λ, twice; 0 for
    /// equal histograms, 1 for those that share nothing.
    public let integral: Double

    /// - Parameters:
    ///   - real, samples: shares, `[bins]`, each with sum 1.
    ///   - scale: c.
    ///   - points: how many λ, evenly from 1e-6 to 1 - 1e-6.
    public init(real p: [Double], samples q: [Double], scale: Double = 5, points: Int = 25) {
        require(
            p.count == q.count && !p.isEmpty && points > 1 && [p, q].allSatisfy { abs($0.reduce(0, +) - 1) < 1e-6 },
            "DivergenceFrontier: \(p.count) and \(q.count) bins, \(points) points, shares that must have sum 1")
        let inner = (0..<points).map { i in
            let weight = 1e-6 + (1 - 2e-6) * Double(i) / Double(points - 1)
            let r = zip(p, q).map { weight * $0 + (1 - weight) * $1 }
            return Point(precision: exp(-scale * divergence(q, r)), recall: exp(-scale * divergence(p, r)))
        }
        curve = [Point(precision: 1, recall: 0)] + inner + [Point(precision: 0, recall: 1)]
        let flipped = curve.map { Point(precision: $0.recall, recall: $0.precision) }
        area = (areaUnder(curve) + areaUnder(flipped)) / 2
        integral = zip(p, q).reduce(0) { $0 + frontierPart($1.0, $1.1) }
    }
}

/// KL(p ‖ r), nats.
private func divergence(_ p: [Double], _ r: [Double]) -> Double {
    zip(p, r).reduce(0) { $1.0 > 0 ? $0 + $1.0 * log($1.0 / $1.1) : $0 }
}

/// By trapezia along precision. Points above each other are gone through downwards, so that equal histograms have the whole square.
private func areaUnder(_ curve: [DivergenceFrontier.Point]) -> Double {
    let curve = curve.sorted { ($0.precision, $1.recall) < ($1.precision, $0.recall) }
    return zip(curve, curve.dropFirst()).reduce(0) { area, pair in
        area + (pair.1.precision - pair.0.precision) * (pair.0.recall + pair.1.recall) / 2
    }
}

/// What a bin with shares p and q adds to the integral: (p + q) / 2 - p q ln(p / q) / (p - q).
private func frontierPart(_ p: Double, _ q: Double) -> Double {
    // Where they are nearly equal the formula is a difference of equal numbers; it is of second order in their difference.
    if abs(p - q) <= 1e-8 { return 0 }
    if p == 0 || q == 0 { return (p + q) / 2 }
    return (p + q) / 2 - p * q * log(p / q) / (p - q)
}
