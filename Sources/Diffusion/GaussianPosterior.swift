import Tensors

/// q(x_s | x_t, x0) for any s < t: normal with mean `fromX0` x0 + `fromState` x_t (Ho et al. 2020, equations
/// 6 and 7, for any stride).
public struct GaussianPosterior: Sendable {
    public let fromX0, fromState: Coefficient
    /// β̃: the posterior's variance, the least a reverse step may have.
    public let variance: Coefficient
    /// β: variance of q(x_t | x_s) in variance-preserving chains, the most a reverse step may have.
    public let stepVariance: Coefficient

    public init(from now: NoiseLevel, to next: NoiseLevel) {
        let kept = now.alpha / next.alpha
        let added = now.sigma.squared - kept.squared * next.sigma.squared
        let total = now.sigma.squared
        fromX0 = next.alpha * added / total
        fromState = kept * next.sigma.squared / total
        variance = added * next.sigma.squared / total
        stepVariance = added
    }

    public func mean(x0: Tensor, state: Tensor) -> Tensor { fromX0 * x0 + fromState * state }

    /// Log-variance between ln β̃ (raw -1) and ln β (raw 1), not clamped: exp(f ln β + (1 - f) ln β̃), f =
    /// (raw + 1) / 2 (Nichol & Dhariwal 2021, equation 15).
    ///
    /// - Parameter floor: ln β̃, where it is infinite as at the last step, replaced by something finite.
    public func logVariance(raw: Tensor, floor: Coefficient? = nil) -> Tensor {
        let (low, high) = (floor ?? variance.logarithm, stepVariance.logarithm)
        let slope = (high - low).map { $0 / 2 }
        let middle = (high + low).map { $0 / 2 }
        return slope * raw + middle.tensor
    }
}

extension ChainSchedule {
    /// One step of the chain for each sample, from its time to the step before.
    ///
    /// `floor` is ln β̃ with that of step 1, which is -∞, replaced by that of step 2; `isFirst` marks the
    /// samples at step 1.
    public func posterior(at times: [Float], rank: Int)
        -> (posterior: GaussianPosterior, floor: Coefficient, isFirst: [Bool])
    {
        let shape = [times.count] + [Int](repeating: 1, count: rank - 1)
        let steps = times.map { max(1, Int(position(Double($0)).rounded())) }
        func levels(_ steps: [Int]) -> NoiseLevel {
            NoiseLevel(
                alpha: Coefficient(steps.map { alpha(time(step: $0)) }, shape),
                sigma: Coefficient(steps.map { sigma(time(step: $0)) }, shape))
        }
        let posterior = GaussianPosterior(from: levels(steps), to: levels(steps.map { $0 - 1 }))
        let floor = Coefficient(
            steps.indices.map { i in
                guard steps[i] == 1 else { return posterior.variance.values[i] }
                guard self.steps > 1 else { return posterior.stepVariance.values[i] }
                return GaussianPosterior(from: level(at: time(step: 2)), to: level(at: time(step: 1))).variance.scalar
            }, shape
        ).logarithm
        return (posterior, floor, steps.map { $0 == 1 })
    }
}
