import Tensors

/// Draws each state from the reverse conditional of the pair of times: DDPM, respaced by the grid (Ho et al.
/// 2020, algorithm 2).
///
///     x_s ~ N(posterior mean of the estimated x0, variance)
///
/// No noise in a step that ends at the data.
public struct AncestralSampler: Sampler, Equatable {
    public static let name = "ddpm"

    public enum Variance: String, Sendable, CaseIterable {
        /// β̃, right for data that are one point.
        case small
        /// β, right for data of unit deviation.
        case large
        /// The network's where it predicts one, else small (Nichol & Dhariwal 2021).
        case learned
    }

    public let variance: Variance

    public init(variance: Variance = .learned) { self.variance = variance }

    public func step(from x: Tensor, _ s: SamplingStep) -> Tensor {
        let posterior = GaussianPosterior(from: s.now, to: s.next)
        let mean = posterior.mean(x0: s.estimate.x0, state: x)
        if s.next.isClean { return mean }
        switch variance {
        case .learned where s.estimate.variance != nil:
            let deviation = (posterior.logVariance(raw: s.estimate.variance!) * 0.5).exp()
            return mean + deviation * s.noise()
        case .large:
            return mean + posterior.stepVariance.squareRoot * s.noise()
        case .small, .learned:
            return mean + posterior.variance.squareRoot * s.noise()
        }
    }
}
