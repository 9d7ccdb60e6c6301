import Glibc
import Tensors

/// Fits the variance that a network places between β̃ and β, through one term of the variational bound
/// (Nichol & Dhariwal 2021).
///
/// The term is taken in bits per dimension at one drawn step, with the mean held still, and multiplied by T /
/// 1000: as in the released code, where the paper writes 0.001 times the sum over all T steps. Their product
/// is the same up to nats and bits.
public struct LearnedVarianceLoss: Sendable {
    public let chain: ChainSchedule
    /// T / 1000 unless given.
    public let scale: Float
    public let cdf: DiscretizedGaussian.CDF
    /// Data are numbers in [-1, 1] with this half distance between neighbours; nil for latents, which have
    /// none.
    public let binHalfWidth: Float?

    public init(
        _ chain: ChainSchedule, scale: Float? = nil, cdf: DiscretizedGaussian.CDF = .tanh,
        binHalfWidth: Float? = 1 / 255
    ) {
        self.chain = chain
        self.scale = scale ?? Float(chain.steps) / 1000
        self.cdf = cdf
        self.binHalfWidth = binHalfWidth
    }

    /// `[B]`: KL(q(x_{t-1} | x_t, x0) ‖ p(x_{t-1} | x_t)), or -log p(x0 | x_1) at the first step.
    ///
    /// Only the variance receives a gradient.
    public func bits(
        _ x0: Tensor, state: Tensor, at times: [Float], _ prediction: Prediction, mask: Tensor? = nil
    ) -> Tensor {
        guard let raw = prediction.variance else {
            fatalError(
                "LearnedVarianceLoss: the prediction of shape \(prediction.output.shape) has no variance")
        }
        let (posterior, floor, isFirst) = chain.posterior(at: times, rank: x0.rank)
        let level = chain.levels(at: times, rank: x0.rank)
        let estimate = prediction.kind.x0(from: prediction.output.detached(), at: state, level)
        let logVariance = posterior.logVariance(raw: raw, floor: floor)
        let nats = boundTerm(
            x0: x0, trueMean: posterior.mean(x0: x0, state: state), trueLogVariance: floor,
            mean: posterior.mean(x0: estimate, state: state), logVariance: logVariance, isFirst: isFirst,
            binHalfWidth: binHalfWidth, cdf: cdf)
        return meanPerSample(nats, mask: mask) / Float(log(2.0))
    }
}

/// One step of the bound, elementwise, nats: the decoder's likelihood for the samples at the first step, a
/// divergence for the rest.
func boundTerm(
    x0: Tensor, trueMean: Tensor, trueLogVariance: Coefficient, mean: Tensor, logVariance: Tensor, isFirst: [Bool],
    binHalfWidth: Float?, cdf: DiscretizedGaussian.CDF
) -> Tensor {
    let divergence = gaussianDivergence(trueMean, trueLogVariance, mean, logVariance)
    guard isFirst.contains(true) else { return divergence }
    let decoder: Tensor
    if let binHalfWidth {
        decoder = DiscretizedGaussian(halfWidth: binHalfWidth, cdf: cdf)
            .negativeLogLikelihood(x0, mean: mean, logDeviation: logVariance * 0.5)
    } else {
        decoder = ((x0 - mean).square() * (-logVariance).exp() + logVariance + Float(log(2 * Double.pi))) * 0.5
    }
    let shape = [isFirst.count] + [Int](repeating: 1, count: x0.rank - 1)
    return select(Tensor(isFirst.map { $0 ? 1 : 0 }, shape), decoder, divergence)
}

/// KL(N(m1, e^l1) ‖ N(m2, e^l2)), elementwise, nats.
func gaussianDivergence(_ m1: Tensor, _ l1: Coefficient, _ m2: Tensor, _ l2: Tensor) -> Tensor {
    let difference = l2 - l1.tensor
    return (difference - 1 + (-difference).exp() + (m1 - m2).square() * (-l2).exp()) * 0.5
}
