import Tensors

/// Another sampler along a score that is divided by a temperature, which below 1 draws samples towards what is likely (Dieleman et
/// al. 2022, arXiv 2211.15089, section 4).
///
///     x0' = x + (x0 - x) / T    where α = 1;    ε' = ε / T
///
/// Only steps are made with it: the network is shown the estimate as it was, and a step that ends at the data ends at that estimate.
public struct TemperedScore: Sampler {
    public let base: any Sampler
    public let temperature: Double
    private let schedule: any Schedule

    /// - Parameter schedule: the run's.
    public init(_ base: any Sampler, by temperature: Double, along schedule: any Schedule) {
        require(temperature > 0, "TemperedScore: temperature \(temperature)")
        (self.base, self.temperature, self.schedule) = (base, temperature, schedule)
    }

    public func step(from x: Tensor, _ s: SamplingStep) -> Tensor {
        guard temperature != 1, !s.next.isClean else { return base.step(from: x, s) }
        return base.step(
            from: x,
            SamplingStep(
                index: s.index, count: s.count, interval: s.interval, now: s.now, next: s.next, coordinates: s.coordinates,
                estimate: tempered(s.estimate, s.now),
                previous: s.previous.map { (tempered($0.estimate, $0.level), $0.level) }, noise: s.noise, coins: s.coins,
                estimateAgain: { tempered(s.estimateAgain($0, $1), schedule.level(at: $1)) }))
    }

    private func tempered(_ estimate: Estimate, _ level: NoiseLevel) -> Estimate {
        require(level.alpha.allSatisfy { $0 > 0 }, "TemperedScore: nothing is left of the data")
        let change = level.ratio.map { $0 * (1 - 1 / temperature) }
        return Estimate(
            x0: estimate.x0 + change * estimate.epsilon, epsilon: estimate.epsilon * Float(1 / temperature),
            variance: estimate.variance)
    }
}
