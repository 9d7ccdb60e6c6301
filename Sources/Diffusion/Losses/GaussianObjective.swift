import Tensors

/// What a Gaussian denoiser is trained on: the weighted squared or absolute error of its output, plus the bound
/// that fits its variance.
///
/// Which times are drawn is the time density's business; what the network outputs, the prediction's.
public struct GaussianObjective: Sendable {
    public let corruption: GaussianCorruption
    public let weighting: any Weighting
    /// Present when the network also predicts variances, which only the steps of a chain have.
    public let variance: LearnedVarianceLoss?
    /// How far an element is off counts as it is, not squared.
    public let isAbsolute: Bool

    public init(
        _ schedule: any Schedule, weighting: any Weighting = SimpleWeighting(), variance: LearnedVarianceLoss? = nil,
        isAbsolute: Bool = false
    ) {
        corruption = GaussianCorruption(schedule)
        self.weighting = weighting
        self.variance = variance
        self.isAbsolute = isAbsolute
    }

    /// Losses per sample, `[B]` each.
    public struct Terms {
        /// What is minimised: its mean over the batch.
        public var loss: Tensor
        /// Squared error of the output, neither weighted by level nor by density.
        public var squaredError: Tensor
        /// One term of the variational bound, bits per dimension.
        public var bound: Tensor?
    }

    /// - Parameters:
    ///   - x0: `[B, ...]`, clean.
    ///   - epsilon: noise shaped as x0.
    ///   - mask: `[B, N]`, 1 where a sequence `[B, N, D]` has content; the rest is not counted.
    ///   - predict: the network, at a state and its times in [0, 1].
    public func callAsFunction(
        _ x0: Tensor, at draw: TimeDraw, noise epsilon: Tensor, mask: Tensor? = nil,
        predict: (_ state: Tensor, _ times: [Float]) -> Prediction
    ) -> Terms {
        let state = corruption.corrupt(x0, at: draw.times, noise: epsilon)
        let prediction = predict(state, draw.times)
        let level = corruption.schedule.levels(at: draw.times, rank: x0.rank)
        let target = prediction.kind.target(x0: x0, epsilon: epsilon, level)
        let errors = prediction.output - target
        let squares = errors.square()
        var loss = meanPerSample(weighting.weight(level, prediction.kind) * (isAbsolute ? errors.abs() : squares), mask: mask)
        var bound: Tensor?
        if let variance {
            bound = variance.bits(x0, state: state, at: draw.times, prediction, mask: mask)
            loss = loss + variance.scale * bound!
        }
        return Terms(
            loss: loss * Tensor(draw.weights, [draw.weights.count]),
            squaredError: meanPerSample(squares.detached(), mask: mask), bound: bound)
    }
}

/// Mean over everything but the first axis: `[B, ...]` to `[B]`; with a mask `[B, N]`, over the positions it
/// keeps.
func meanPerSample(_ x: Tensor, mask: Tensor? = nil) -> Tensor {
    let flat = x.reshaped([x.shape[0], -1])
    guard let mask else { return flat.mean(1) }
    require(
        x.rank >= 2 && mask.shape == Array(x.shape.prefix(2)),
        "meanPerSample: mask \(mask.shape) for a value of shape \(x.shape)")
    let keep = mask.reshaped(mask.shape + [Int](repeating: 1, count: x.rank - 2))
    let perPosition = Float(x.count / max(1, mask.count))
    return (x * keep).reshaped([x.shape[0], -1]).sum(1) / (maximum(mask.sum(1), Tensor(1)) * perPosition)
}
