import Tensors

/// Starts a run from given data instead of noise: SDEdit, "img2img" (Meng et al. 2022, arXiv 2108.01073).
public struct Renoising: Sendable {
    /// What is left of the grid: strength 1 redraws everything, 0 returns the data.
    public let grid: TimeGrid
    private let corruption: GaussianCorruption

    /// - Parameter strength: share of the grid's steps to take, in [0, 1].
    public init(strength: Double, along grid: TimeGrid, schedule: any Schedule) {
        self.grid = grid.suffix(strength: strength)
        corruption = GaussianCorruption(schedule)
    }

    /// The data `[B, ...]` with the noise that the start of the shortened grid asks for.
    public func start(from x0: Tensor, _ places: [Noise]) -> Tensor {
        guard grid.count > 0 else { return x0 }
        let epsilon = normal(places.map { $0("prior") }, Array(x0.shape.dropFirst()))
        let level = corruption.schedule.level(at: grid.start)
        return level.alpha * x0 + level.sigma * epsilon
    }
}

/// Keeps a known region: after every step it is put back with the noise its time asks for (Lugmayr et al.
/// 2022, equation 8).
///
/// A `constrain` of `Sampler.sample`. Noise is fresh at each time: drawn once for all, it would mislead the
/// painted region about the known one until the end.
public struct Inpainting: Sendable {
    private let known, mask: Tensor
    private let schedule: any Schedule
    private let places: [Noise]

    /// - Parameters:
    ///   - known: `[B, ...]`, clean.
    ///   - mask: 1 where to paint, 0 where to keep, broadcastable to `known`.
    ///   - places: one per sample.
    public init(known: Tensor, mask: Tensor, schedule: any Schedule, places: [Noise]) {
        self.known = known
        self.mask = mask.broadcast(to: known.shape)
        self.schedule = schedule
        self.places = places
    }

    public func callAsFunction(_ x: Tensor, _ time: Double) -> Tensor {
        let level = schedule.level(at: time)
        if level.isClean { return select(mask, x, known) }
        let moment = Int(bitPattern: UInt(time.bitPattern))
        let epsilon = normal(places.map { $0("known")(moment) }, Array(known.shape.dropFirst()))
        return select(mask, x, level.alpha * known + level.sigma * epsilon)
    }
}
