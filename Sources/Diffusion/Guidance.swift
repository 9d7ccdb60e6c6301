import Tensors

/// Classifier-free guidance: g = u + s (c - u), with c told the condition and u not (Ho & Salimans 2022,
/// arXiv 2207.12598).
///
/// s = 1 is the plain condition and asks the network once; s = 0 ignores it. The variance is always the
/// conditional one.
public struct Guidance: Sendable, Equatable {
    public let scale: Float
    /// Channels that are guided, nil for all; the rest are the conditional ones. DiT's published samples
    /// guide 0..<3 of 4.
    public let channels: Range<Int>?
    /// Times at which guidance acts (Kynkäänniemi et al. 2024, arXiv 2404.07724).
    public let interval: ClosedRange<Double>
    /// Whether the null branch also sees the previous estimate (Strudel et al. 2022 withhold it).
    public let nullSeesPrevious: Bool

    public init(
        scale: Float = 1, channels: Range<Int>? = nil, interval: ClosedRange<Double> = 0...1,
        nullSeesPrevious: Bool = true
    ) {
        self.scale = scale
        self.channels = channels
        self.interval = interval
        self.nullSeesPrevious = nullSeesPrevious
    }

    public func isActive(at time: Double) -> Bool { scale != 1 && interval.contains(time) }

    /// Both predictions of the same kind.
    public func combined(_ conditional: Prediction, _ null: Prediction) -> Prediction {
        let (c, u) = (conditional.output, null.output)
        require(
            c.shape == u.shape && conditional.kind == null.kind,
            "Guidance: \(conditional.kind) \(c.shape) with \(null.kind) \(u.shape)")
        guard scale != 1 else { return conditional }
        var result = conditional
        guard let channels else {
            result.output = scale == 0 ? u : u + (c - u) * scale
            return result
        }
        let axis = c.rank - 1
        require(
            channels.lowerBound >= 0 && channels.upperBound <= c.shape[axis],
            "Guidance: channels \(channels) of \(c.shape)")
        let (part, base) = (c.slice(axis, channels), u.slice(axis, channels))
        let guided = scale == 0 ? base : base + (part - base) * scale
        let pieces = [
            c.slice(axis, 0..<channels.lowerBound), guided, c.slice(axis, channels.upperBound..<c.shape[axis]),
        ]
        result.output = concatenated(pieces.filter { $0.count > 0 }, axis: axis)
        return result
    }

    /// One call of the network for both branches, or for one where guidance is idle.
    ///
    /// - Parameter negative: told to the second branch instead of nothing; as many conditions of the same
    /// kinds.
    public func predict(
        _ denoiser: any Denoiser, _ input: DenoiserInput, at time: Double, negative: [Condition]? = nil
    ) -> Prediction {
        guard isActive(at: time), !input.conditions.isEmpty else { return denoiser.shared(input) }
        var null = input
        null.conditions = negative ?? input.conditions.map(\.withheld)
        if !nullSeesPrevious { null.previous = null.previous.map { Tensor.zeros($0.shape) } }
        let both = denoiser.shared(DenoiserInput(joining: input, null))
        let count = input.time.count
        func half(_ rows: Range<Int>) -> Prediction {
            Prediction(both.output.slice(0, rows), both.kind, variance: both.variance?.slice(0, rows))
        }
        return combined(half(0..<count), half(count..<2 * count))
    }
}

extension Denoiser {
    /// What a sampler calls: this network under conditions and guidance, told the schedule's times.
    ///
    /// - Parameters:
    ///   - grid: the steps of the run, where they are known: what depends on times and conditions alone is then worked out once.
    ///   - cleanMask: 1 where the state is known, for networks that were trained to be told.
    public func predictor(
        schedule: any Schedule, along grid: TimeGrid? = nil, conditions: [Condition] = [], guidance: Guidance = Guidance(),
        negative: [Condition]? = nil, paddingMask: Tensor? = nil, cleanMask: Tensor? = nil
    ) -> (Tensor, Double, Tensor?) -> Prediction {
        let scope = grid.map { grid in RunScope(times: grid.times.map { Float(schedule.networkTime($0)) }) }
        return { state, time, previous in
            let count = state.shape[0]
            var input = DenoiserInput(
                state: state, time: [Float](repeating: Float(time), count: count),
                networkTime: [Float](repeating: Float(schedule.networkTime(time)), count: count),
                conditions: conditions,
                paddingMask: paddingMask, cleanMask: cleanMask, previous: previous)
            input.scope = scope
            return guidance.predict(self, input, at: time, negative: negative)
        }
    }
}
