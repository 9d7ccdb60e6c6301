import Tensors

/// Euler's rule along the probability-flow ODE, in the schedule's own coordinates y = x / scale, dy/dτ =
/// slope.
///
///     y(τ') = y(τ) + (τ' - τ) slope
///
/// Global error O(h). In either coordinates the rule comes out as α_s x0 + σ_s ε, and so it is written.
/// Karras et al. 2022, equation 4 with algorithm 1 cut to its first half.
public struct EulerSampler: Sampler, Equatable {
    public static let name = "euler"

    public init() {}

    public func step(from x: Tensor, _ s: SamplingStep) -> Tensor {
        s.next.alpha * s.estimate.x0 + s.next.sigma * s.estimate.epsilon
    }
}
