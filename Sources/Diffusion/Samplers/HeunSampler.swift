import Tensors

/// Heun's rule along the probability-flow ODE, in the schedule's own coordinates y = x / scale, dy/dτ =
/// slope.
///
///     y(τ') = y(τ) + (τ' - τ) / 2 (slope here + slope after an Euler step)
///
/// Global error O(h²). ε is undefined at the data, so a step that ends there is an Euler step: 2n - 1
/// predictions for n steps. Karras et al. 2022, algorithm 1 (arXiv 2206.00364).
public struct HeunSampler: Sampler, Equatable {
    public static let name = "heun"

    public init() {}

    public func step(from x: Tensor, _ s: SamplingStep) -> Tensor {
        let euler = s.next.alpha * s.estimate.x0 + s.next.sigma * s.estimate.epsilon
        if s.next.isClean { return euler }
        let path = s.coordinates
        let scale = path.scale(s.next)
        let half = (path.clock(s.next) - path.clock(s.now)).map { $0 / 2 }
        let there = s.estimateAgain(euler, s.interval.next)
        let slopes =
            path.slope(x0: s.estimate.x0, epsilon: s.estimate.epsilon)
            + path.slope(x0: there.x0, epsilon: there.epsilon)
        return (scale / path.scale(s.now)) * x + (scale * half) * slopes
    }
}
