import Tensors

/// Destroys data by adding noise: x_t = α(t) x0 + σ(t) ε.
public struct GaussianCorruption: Sendable {
    public static let name = "gaussian"
    public let schedule: any Schedule

    public init(_ schedule: any Schedule) { self.schedule = schedule }

    /// x0 and ε: `[B, ...]`; one time per sample.
    public func corrupt(_ x0: Tensor, at times: [Float], noise epsilon: Tensor) -> Tensor {
        require(
            x0.shape == epsilon.shape && times.count == x0.shape[0],
            "corrupt: data \(x0.shape), noise \(epsilon.shape), \(times.count) times")
        let level = schedule.levels(at: times, rank: x0.rank)
        return level.alpha * x0 + level.sigma * epsilon
    }

    /// What a network that outputs `kind` should say about `corrupt(x0, times, epsilon)`.
    public func target(_ kind: Parameterization, _ x0: Tensor, at times: [Float], noise epsilon: Tensor) -> Tensor {
        kind.target(x0: x0, epsilon: epsilon, schedule.levels(at: times, rank: x0.rank))
    }

    /// ε of each sample in training, `[B] + shape`.
    public func noise(_ places: [Noise], _ shape: [Int]) -> Tensor { normal(places.map { $0("epsilon") }, shape) }

    /// Where sampling begins, `[B] + shape`: pure noise of the deviation that t = 1 has.
    public func prior(_ places: [Noise], _ shape: [Int]) -> Tensor {
        schedule.level(at: 1).sigma * normal(places.map { $0("prior") }, shape)
    }

    /// An ε-network cannot speak of x0 at a time without signal.
    public func check(_ kind: Parameterization) throws(InputError) {
        guard kind == .epsilon, schedule.alpha(1) <= 0 else { return }
        throw InputError(
            "epsilon does not determine the data where nothing is left of it", at: "parameterization",
            expected: "x0, v or velocity with this schedule", found: kind.rawValue)
    }
}
