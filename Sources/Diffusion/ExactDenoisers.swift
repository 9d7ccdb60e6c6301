import Glibc
import Tensors

/// Data whose best denoiser is known: a mixture of normal distributions with diagonal covariances.
///
/// Noised data are such a mixture too, so E[x0 | x_t] and the score are closed formulas. Computed in double
/// precision.
public struct GaussianMixture: Sendable {
    public struct Component: Sendable {
        /// Share of the data; shares need not add up to one.
        public var weight: Double
        /// `[D]`.
        public var mean, deviation: [Double]
        /// For conditional denoising.
        public var label: Int

        public init(weight: Double = 1, mean: [Double], deviation: [Double], label: Int = 0) {
            self.weight = weight
            self.mean = mean
            self.deviation = deviation
            self.label = label
        }
    }

    /// Weights add up to one.
    public let components: [Component]
    /// D.
    public let size: Int

    public init(_ components: [Component]) {
        require(!components.isEmpty, "GaussianMixture: no components")
        size = components[0].mean.count
        let total = components.reduce(0) { $0 + $1.weight }
        for c in components {
            require(
                c.mean.count == size && c.deviation.count == size && c.weight > 0 && c.deviation.allSatisfy { $0 >= 0 },
                "GaussianMixture: a component of weight \(c.weight), \(c.mean.count) means and \(c.deviation.count) deviations"
            )
        }
        self.components = components.map {
            Component(weight: $0.weight / total, mean: $0.mean, deviation: $0.deviation, label: $0.label)
        }
    }

    /// One normal distribution.
    public init(mean: [Double], deviation: [Double]) { self.init([Component(mean: mean, deviation: deviation)]) }

    /// Samples `[B, D]`, each from its own place, and the component each came from.
    public func sample(_ places: [Noise]) -> (x: Tensor, components: [Int]) {
        let z = normal(places.map { $0("mixture") }, [size]).values
        var x = [Float](repeating: 0, count: z.count)
        let chosen = places.map { place -> Int in
            var share = place("component").uniformDouble()
            return components.firstIndex {
                share -= $0.weight; return share < 0
            } ?? components.count - 1
        }
        for b in places.indices {
            let c = components[chosen[b]]
            for d in 0..<size { x[b * size + d] = Float(c.mean[d] + c.deviation[d] * Double(z[b * size + d])) }
        }
        return (Tensor(x, [places.count, size]), chosen)
    }

    public var mean: [Double] {
        (0..<size).map { d in components.reduce(0) { $0 + $1.weight * $1.mean[d] } }
    }

    /// `[D][D]`.
    public var covariance: [[Double]] {
        let m = mean
        return (0..<size).map { i in
            (0..<size).map { j in
                components.reduce(0) { sum, c in
                    let own = i == j ? c.deviation[i] * c.deviation[i] : 0
                    return sum + c.weight * (own + (c.mean[i] - m[i]) * (c.mean[j] - m[j]))
                }
            }
        }
    }

    /// ln density of x0, E[x0 | x] and chances of the components, at one noised point; over those of `label`
    /// where given.
    public func posterior(_ x: [Double], alpha: Double, sigma: Double, label: Int? = nil)
        -> (logDensity: Double, x0: [Double], chances: [Double])
    {
        let noise = sigma * sigma
        var logs = components.map { c -> Double in
            if let label, c.label != label { return -.infinity }
            var sum = log(c.weight)
            for d in 0..<size {
                let variance = max(alpha * alpha * c.deviation[d] * c.deviation[d] + noise, 1e-300)
                let off = x[d] - alpha * c.mean[d]
                sum -= 0.5 * (off * off / variance + log(2 * .pi * variance))
            }
            return sum
        }
        let top = logs.max()!
        require(top > -.infinity, "GaussianMixture: no component has label \(label ?? -1)")
        let total = logs.reduce(0) { $0 + exp($1 - top) }
        logs = logs.map { exp($0 - top) / total }
        var x0 = [Double](repeating: 0, count: size)
        for (c, chance) in zip(components, logs) where chance > 0 {
            for d in 0..<size {
                let own = c.deviation[d] * c.deviation[d]
                let gain = alpha * own / max(alpha * alpha * own + noise, 1e-300)
                x0[d] += chance * (c.mean[d] + gain * (x[d] - alpha * c.mean[d]))
            }
        }
        return (top + log(total), x0, logs)
    }

    /// E[x0 | x_t] for states `[B, ...]` of D numbers each.
    public func denoised(_ x: Tensor, alpha: Double, sigma: Double, labels: [Int?]? = nil) -> Tensor {
        mapped(x) { b, point in posterior(point, alpha: alpha, sigma: sigma, label: labels?[b]).x0 }
    }

    /// ∇ ln p(x_t) = (α E[x0 | x_t] - x_t) / σ², shaped as x.
    public func score(_ x: Tensor, alpha: Double, sigma: Double) -> Tensor {
        mapped(x) { _, point in
            let x0 = posterior(point, alpha: alpha, sigma: sigma).x0
            return zip(point, x0).map { (alpha * $1 - $0) / (sigma * sigma) }
        }
    }

    func mapped(_ x: Tensor, _ f: (Int, [Double]) -> [Double]) -> Tensor {
        require(x.count == x.shape[0] * size, "GaussianMixture: state \(x.shape) of points with \(size) numbers")
        let values = x.values
        var result: [Float] = []
        result.reserveCapacity(values.count)
        for b in 0..<x.shape[0] {
            result += f(b, values[b * size..<(b + 1) * size].map(Double.init)).map(Float.init)
        }
        return Tensor(result, x.shape)
    }
}

/// The best possible denoiser of a mixture; labels of a class condition narrow it to the components that bear
/// them.
public final class ExactDenoiser: Denoiser {
    public let mixture: GaussianMixture
    public let schedule: any Schedule
    /// What it is made to say; any kind but logits.
    public let kind: Parameterization

    public init(_ mixture: GaussianMixture, _ schedule: any Schedule, saying kind: Parameterization = .x0) {
        self.mixture = mixture
        self.schedule = schedule
        self.kind = kind
    }

    public func callAsFunction(_ input: DenoiserInput) -> Prediction {
        let condition = input.conditions.first { $0.kind == .classes }
        let x0 = mixture.mapped(input.state) { b, point in
            let t = Double(input.time[b])
            let label = condition.flatMap { $0.isWithheld(b) ? nil : $0.labels[b] }
            return mixture.posterior(point, alpha: schedule.alpha(t), sigma: schedule.sigma(t), label: label).x0
        }
        let level = schedule.levels(at: input.time, rank: input.state.rank)
        return Prediction(Parameterization.x0.converted(x0, to: kind, at: input.state, level), kind)
    }
}
