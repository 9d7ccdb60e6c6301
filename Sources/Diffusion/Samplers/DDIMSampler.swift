import Tensors

/// Steps that keep the marginals with as much fresh noise as wanted (Song et al. 2021, equation 12, arXiv
/// 2010.02502).
///
///     x_s = α_s x0 + √(σ_s² - η² β̃) ε + η √β̃ z
///
/// η = 0 is deterministic, η = 1 ancestral.
public struct DDIMSampler: Sampler, Equatable {
    public static let name = "ddim"
    public let eta: Double

    public init(eta: Double = 0) { self.eta = eta }

    public func step(from x: Tensor, _ s: SamplingStep) -> Tensor {
        let fresh = GaussianPosterior(from: s.now, to: s.next).variance.map { eta * eta * $0 }
        let direction = (s.next.sigma.squared - fresh).squareRoot
        let y = s.next.alpha * s.estimate.x0 + direction * s.estimate.epsilon
        return eta == 0 || s.next.isClean ? y : y + fresh.squareRoot * s.noise()
    }
}
