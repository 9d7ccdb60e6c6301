import Tensors

/// How signal and noise share the state at each time: x_t = α(t) x0 + σ(t) ε, from t = 0 (data) to t = 1
/// (noise).
public protocol Schedule: Sendable {
    func alpha(_ t: Double) -> Double
    func sigma(_ t: Double) -> Double
    /// The time as a published network expects it.
    func networkTime(_ t: Double) -> Double
    /// Where ODE solvers of higher order take their steps.
    var coordinates: PathCoordinates { get }
    /// Steps that exist in the network's units; grids named after steps count these.
    var steps: Int { get }
    /// The same for a whole batch; a schedule with one level per position overrides it.
    func level(at t: Double) -> NoiseLevel
    /// One level per sample, broadcastable to a state of this rank.
    func levels(at times: [Float], rank: Int) -> NoiseLevel
}

extension Schedule {
    public func level(at t: Double) -> NoiseLevel { NoiseLevel(alpha: alpha(t), sigma: sigma(t)) }

    public func levels(at times: [Float], rank: Int) -> NoiseLevel {
        let shape = [times.count] + [Int](repeating: 1, count: rank - 1)
        return NoiseLevel(
            alpha: Coefficient(times.map { alpha(Double($0)) }, shape),
            sigma: Coefficient(times.map { sigma(Double($0)) }, shape))
    }

    /// α and σ per sample, `[B, 1, ...]`.
    public func coefficients(at times: [Float], rank: Int) -> (alpha: Tensor, sigma: Tensor) {
        let level = levels(at: times, rank: rank)
        return (level.alpha.tensor, level.sigma.tensor)
    }

    public func networkTimes(_ times: [Float]) -> [Float] { times.map { Float(networkTime(Double($0))) } }

    /// ln(α² / σ²).
    public func logSNR(_ t: Double) -> Double { level(at: t).logSNR.scalar }

    /// σ / α.
    public func ratio(_ t: Double) -> Double { sigma(t) / alpha(t) }

    /// The time at which σ / α is `ratio`, which grows with time.
    public func time(ratio target: Double) -> Double {
        if target <= ratio(0) { return 0 }
        if target >= ratio(1) { return 1 }
        var (low, high) = (0.0, 1.0)
        while true {
            let middle = (low + high) / 2
            if middle <= low || middle >= high { return high }
            if ratio(middle) < target { low = middle } else { high = middle }
        }
    }
}

/// Coordinates in which the probability-flow ODE is dy/dτ = slope, with y = x / scale.
public enum PathCoordinates: Sendable {
    /// y = x / α, τ = σ / α, slope ε: Karras et al. 2022 (arXiv 2206.00364). Needs α > 0.
    case ratio
    /// y = x / (α + σ), τ = σ / (α + σ), slope ε - x0: straight paths, finite everywhere.
    case straight

    public func scale(_ level: NoiseLevel) -> Coefficient {
        self == .ratio ? level.alpha : level.alpha + level.sigma
    }

    public func clock(_ level: NoiseLevel) -> Coefficient { level.sigma / scale(level) }

    public func slope(x0: Tensor, epsilon: Tensor) -> Tensor { self == .ratio ? epsilon : epsilon - x0 }
}
