import Tensors

/// Which times training sees.
///
/// A density is its quantile function, so that independent and stratified draws serve every density.
public protocol TimeDensity: Sendable {
    /// The time below which a share `u` in [0, 1) of the draws lies, and the weight that makes a weighted
    /// mean over draws the mean over uniform times (1 where the density is meant to change the weighting).
    func time(at u: Double) -> (time: Double, weight: Double)
}

/// Times of a batch with the weights of their losses.
public struct TimeDraw: Sendable, Equatable {
    public let times, weights: [Float]

    public init(times: [Float], weights: [Float]) {
        require(times.count == weights.count, "TimeDraw: \(times.count) times and \(weights.count) weights")
        self.times = times
        self.weights = weights
    }
}

extension TimeDensity {
    /// One time for each share in [0, 1).
    public func draw(at shares: [Double]) -> TimeDraw {
        let drawn = shares.map(time(at:))
        return TimeDraw(times: drawn.map { Float($0.time) }, weights: drawn.map { Float($0.weight) })
    }

    /// Independent times, each from its sample's own place.
    public func draw(_ places: [Noise]) -> TimeDraw { draw(at: places.map { $0("time").uniformDouble() }) }

    /// Times of `rows` of a batch, spread evenly over the whole batch: one offset of the step plus row /
    /// batch, modulo 1 (Kingma et al. 2021, appendix I; Dieleman et al. 2022).
    ///
    /// A pure function of (step, row): microbatches together draw what the whole batch would.
    public func stratified(step: Noise, rows: Range<Int>, of batch: Int) -> TimeDraw {
        require(
            batch > 0 && rows.lowerBound >= 0 && rows.upperBound <= batch,
            "TimeDensity: rows \(rows) of a batch of \(batch)")
        let offset = step("time").uniformDouble()
        return draw(
            at: rows.map { row in
                let share = offset + Double(row) / Double(batch)
                return share < 1 ? share : share - 1
            })
    }
}
