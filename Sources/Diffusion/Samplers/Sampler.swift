import Tensors

/// Runs a Gaussian corruption backwards, step by step. A value: a run's history is the run's, not the
/// sampler's.
public protocol Sampler: Sendable {
    /// From the state at `step.now` to the state at `step.next`.
    func step(from x: Tensor, _ step: SamplingStep) -> Tensor
}

/// What a prediction implies at a state: x = α x0 + σ ε holds.
public struct Estimate {
    /// After clipping, where there is any.
    public let x0: Tensor
    /// Recomputed from x0 where that was clipped, so that the two agree.
    public let epsilon: Tensor
    /// Raw place of the variance in its range, when the network predicts one.
    public let variance: Tensor?
}

/// One step as a sampler sees it.
public struct SamplingStep {
    public let index, count: Int
    public let interval: TimeGrid.Interval
    public let now, next: NoiseLevel
    public let coordinates: PathCoordinates
    /// At `now`.
    public let estimate: Estimate
    /// Of the step before, for multistep rules; nil in the first step.
    public let previous: (estimate: Estimate, level: NoiseLevel)?
    /// Standard normal numbers of this step, shaped as the state.
    public let noise: () -> Tensor
    /// A number in [0, 1) for each sample, of this step.
    public let coins: () -> [Double]
    /// Asks the network again, at another state and time.
    public let estimateAgain: (_ x: Tensor, _ time: Double) -> Estimate

    public var isLast: Bool { index == count - 1 }
}

/// What a run shows of each step.
public struct SamplingProgress {
    public let index, count: Int
    public let interval: TimeGrid.Interval
    /// After the step.
    public let state: Tensor
    /// The estimate the step was made with.
    public var x0: Tensor
}

extension Sampler {
    /// From the state at the start of the grid to the state at its end; an empty grid returns the state as it
    /// is.
    ///
    /// - Parameters:
    ///   - x: `[B, ...]`.
    ///   - clip: applied to each estimate of x0.
    ///   - constrain: applied to the state before the first and after each step, with its time (see `Inpainting`).
    ///   - ends: asked after each step; the run is over where it says so.
    ///   - predict: the network at a state and a time, told the estimate of x0 before it (nil at first).
    public func sample(
        from x: Tensor, along grid: TimeGrid, schedule: any Schedule, noise: StepNoise,
        clip: ((Tensor) -> Tensor)? = nil, constrain: ((Tensor, Double) -> Tensor)? = nil,
        observe: ((SamplingProgress) -> Void)? = nil, ends: ((SamplingProgress) -> Bool)? = nil,
        predict: (Tensor, Double, Tensor?) -> Prediction
    ) -> Tensor {
        withoutGradients {
            withoutActuallyEscaping(predict) { predict in
                var x = constrain?(x, grid.start) ?? x
                var previous: (estimate: Estimate, level: NoiseLevel)?
                for (i, interval) in grid.intervals.enumerated() {
                    let known = previous?.estimate.x0
                    func estimate(_ x: Tensor, _ time: Double, _ known: Tensor?) -> Estimate {
                        Estimate(predict(x, time, known), at: x, schedule.level(at: time), clip: clip)
                    }
                    let now = schedule.level(at: interval.now)
                    let first = estimate(x, interval.now, known)
                    let shape = x.shape
                    x = step(
                        from: x,
                        SamplingStep(
                            index: i, count: grid.count, interval: interval, now: now,
                            next: schedule.level(at: interval.next), coordinates: schedule.coordinates, estimate: first,
                            previous: previous, noise: { noise(i, shape) }, coins: { noise.coins(i) },
                            estimateAgain: { estimate($0, $1, first.x0) }))
                    x = constrain?(x, interval.next) ?? x
                    previous = (first, now)
                    let progress = SamplingProgress(
                        index: i, count: grid.count, interval: interval, state: x, x0: first.x0)
                    observe?(progress)
                    if ends?(progress) == true { break }
                }
                return x
            }
        }
    }
}

extension Estimate {
    public init(_ prediction: Prediction, at x: Tensor, _ level: NoiseLevel, clip: ((Tensor) -> Tensor)? = nil) {
        let (kind, output) = (prediction.kind, prediction.output)
        variance = prediction.variance
        let free = kind.x0(from: output, at: x, level)
        guard let clip else {
            x0 = free
            epsilon = kind.epsilon(from: output, at: x, level)
            return
        }
        x0 = clip(free)
        epsilon = Parameterization.x0.epsilon(from: x0, at: x, level)
    }
}
