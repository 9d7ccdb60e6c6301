import Glibc
import Tensors

/// The whole variational bound of a chain, term by term: what the published bits per dimension are.
///
/// T predictions for T steps. Noise is drawn from each sample's place and the step, so the result does not
/// depend on the batch.
public struct VariationalBound: Sendable {
    /// Variance of the reverse steps.
    public enum Variance: String, Sendable, CaseIterable {
        case small, large, learned
    }

    public let chain: ChainSchedule
    public let variance: Variance
    /// Holds estimates of x0 within [-1, 1], as data are.
    public let clips: Bool
    public let binHalfWidth: Float?
    public let cdf: DiscretizedGaussian.CDF

    public init(
        _ chain: ChainSchedule, variance: Variance, clips: Bool = true, binHalfWidth: Float? = 1 / 255,
        cdf: DiscretizedGaussian.CDF = .tanh
    ) {
        self.chain = chain
        self.variance = variance
        self.clips = clips
        self.binHalfWidth = binHalfWidth
        self.cdf = cdf
    }

    /// Bits per dimension of each sample.
    public struct Bits: Sendable {
        /// KL(q(x_T | x0) ‖ N(0, I)).
        public var prior: [Double]
        /// `[T][B]`, from step 1 on; the first is the decoder's.
        public var terms: [[Double]]
        /// Mean squared error of x0 at each step, `[T][B]`.
        public var squaredError: [[Double]]

        public var total: [Double] {
            prior.indices.map { b in prior[b] + terms.reduce(0) { $0 + $1[b] } }
        }
    }

    /// x0: `[B, ...]` in [-1, 1].
    public func callAsFunction(
        _ x0: Tensor, places: [Noise], predict: (_ state: Tensor, _ time: Double) -> Prediction
    ) -> Bits {
        require(places.count == x0.shape[0], "VariationalBound: \(places.count) places for data \(x0.shape)")
        return withoutGradients {
            var bits = Bits(prior: prior(x0), terms: [], squaredError: [])
            for k in 1...chain.steps {
                let time = chain.time(step: k)
                let level = chain.level(at: time)
                let epsilon = normal(places.map { $0("bound")(k) }, Array(x0.shape.dropFirst()))
                let state = level.alpha * x0 + level.sigma * epsilon
                let (nats, estimate) = term(x0, state, predict(state, time), step: k)
                bits.terms.append(meanPerSample(nats).values.map { Double($0) / log(2.0) })
                bits.squaredError.append(meanPerSample((estimate - x0).square()).values.map(Double.init))
            }
            return bits
        }
    }

    private func term(_ x0: Tensor, _ state: Tensor, _ prediction: Prediction, step k: Int) -> (Tensor, Tensor) {
        let times = [Float](repeating: Float(chain.time(step: k)), count: x0.shape[0])
        let level = chain.levels(at: times, rank: x0.rank)
        let (posterior, floor, isFirst) = chain.posterior(at: times, rank: x0.rank)
        var estimate = prediction.kind.x0(from: prediction.output, at: state, level)
        if clips { estimate = estimate.clamped(-1, 1) }
        let logVariance: Tensor
        switch variance {
        case .small:
            logVariance = floor.tensor.broadcast(to: x0.shape)
        case .large:
            // The first step takes β̃ of the second: a decoder as wide as β would blur it (Ho et al. 2020,
            // released code).
            logVariance = (k == 1 ? floor : posterior.stepVariance.logarithm).tensor.broadcast(to: x0.shape)
        case .learned:
            guard let raw = prediction.variance else {
                fatalError(
                    "VariationalBound: the prediction of shape \(prediction.output.shape) has no variance")
            }
            logVariance = posterior.logVariance(raw: raw, floor: floor)
        }
        let nats = boundTerm(
            x0: x0, trueMean: posterior.mean(x0: x0, state: state), trueLogVariance: floor,
            mean: posterior.mean(x0: estimate, state: state), logVariance: logVariance, isFirst: isFirst,
            binHalfWidth: binHalfWidth, cdf: cdf)
        return (nats, estimate)
    }

    private func prior(_ x0: Tensor) -> [Double] {
        let (a, s) = (chain.alpha(1), chain.sigma(1))
        return meanPerSample(x0.square()).values.map {
            0.5 * (s * s - 1 - 2 * log(s) + a * a * Double($0)) / log(2.0)
        }
    }
}
