import Tensors

/// Something a denoiser is told besides the state and the time. What a condition lacks is nil or empty.
public struct Condition: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case classes = "class"
        case text, image, source
        /// What is known of the state itself: `states` `[B, N, C + 1]` are clean values, 0 where there are none, and then 1 where there are.
        case known
    }

    public var kind: Kind
    /// Class labels, one per sample.
    public var labels: [Int]
    /// `[B, L, D]`.
    public var states: Tensor?
    /// `[B, D]`.
    public var pooled: Tensor?
    /// `[B, L]`, 1 where `states` holds something.
    public var mask: Tensor?
    /// How strongly it counts beside others of its kind.
    public var weight: Float
    /// True for each sample whose condition is withheld: the denoiser puts its own null in its place. Empty
    /// for none.
    public var isNull: [Bool]

    public init(
        _ kind: Kind, labels: [Int] = [], states: Tensor? = nil, pooled: Tensor? = nil, mask: Tensor? = nil,
        weight: Float = 1, isNull: [Bool] = []
    ) {
        self.kind = kind
        self.labels = labels
        self.states = states
        self.pooled = pooled
        self.mask = mask
        self.weight = weight
        self.isNull = isNull
    }

    /// Number of samples it speaks of.
    public var count: Int { states?.shape[0] ?? pooled?.shape[0] ?? (labels.isEmpty ? isNull.count : labels.count) }

    /// Withheld from every sample.
    public var withheld: Condition {
        var null = self
        null.isNull = [Bool](repeating: true, count: count)
        return null
    }

    /// Withheld also from the samples where `drops` is true.
    public func withheld(where drops: [Bool]) -> Condition {
        require(drops.count == count, "Condition.withheld: \(drops.count) flags for \(count) samples")
        var result = self
        result.isNull = drops.indices.map { drops[$0] || isWithheld($0) }
        return result
    }

    public func isWithheld(_ sample: Int) -> Bool { isNull.isEmpty ? false : isNull[sample] }
}

/// What a denoiser sees.
public struct DenoiserInput {
    /// Grid `[B, H, W, C]`, sequence `[B, N, D]`, or tokens as whole numbers `[B, N]`.
    public var state: Tensor
    /// One per sample: 0 is data, 1 is noise.
    public var time: [Float]
    /// The same times in the units the network was published with.
    public var networkTime: [Float]
    public var conditions: [Condition]
    /// `[B, N]`, 1 where a sequence has content.
    public var paddingMask: Tensor?
    /// 1 where the state is known to be clean, broadcastable to it.
    public var cleanMask: Tensor?
    /// Estimate of x0 from the step before, for self-conditioning; shaped as the state.
    public var previous: Tensor?
    /// One place per sample where training draws dropout; nil when evaluating.
    public var places: [Noise]?
    /// Where something may be kept for the next step; nil outside of sampling runs.
    public var scope: RunScope?

    public init(
        state: Tensor, time: [Float], networkTime: [Float], conditions: [Condition] = [], paddingMask: Tensor? = nil,
        cleanMask: Tensor? = nil, previous: Tensor? = nil, places: [Noise]? = nil
    ) {
        require(
            state.rank > 0 && time.count == state.shape[0] && networkTime.count == time.count,
            "DenoiserInput: \(time.count) times and \(networkTime.count) network times for a state of shape \(state.shape)"
        )
        self.state = state
        self.time = time
        self.networkTime = networkTime
        self.conditions = conditions
        self.paddingMask = paddingMask
        self.cleanMask = cleanMask
        self.previous = previous
        self.places = places
    }

    public init(
        state: Tensor, time: [Float], schedule: any Schedule, conditions: [Condition] = [], paddingMask: Tensor? = nil,
        cleanMask: Tensor? = nil, previous: Tensor? = nil, places: [Noise]? = nil
    ) {
        self.init(
            state: state, time: time, networkTime: time.map { Float(schedule.networkTime(Double($0))) },
            conditions: conditions, paddingMask: paddingMask, cleanMask: cleanMask, previous: previous, places: places)
    }
}

/// What a denoiser says.
public struct Prediction {
    /// Shaped as the state, or `[B, N, K]` for logits.
    public var output: Tensor
    public var kind: Parameterization
    /// Raw place of the variance in its range, -1 for the posterior's and 1 for the step's own; shaped as the
    /// state.
    public var variance: Tensor?

    public init(_ output: Tensor, _ kind: Parameterization, variance: Tensor? = nil) {
        self.output = output
        self.kind = kind
        self.variance = variance
    }

    /// Splits a network's output whose last axis holds the prediction and then, when `learnsVariance`, as
    /// many raw variances.
    public init(splitting output: Tensor, _ kind: Parameterization, learnsVariance: Bool) {
        guard learnsVariance else {
            self.init(output, kind)
            return
        }
        let halves = output.chunked(2, axis: -1)
        self.init(halves[0], kind, variance: halves[1])
    }
}

/// Learns to undo a corruption.
public protocol Denoiser: AnyObject {
    /// Pure: same input, same prediction.
    func callAsFunction(_ input: DenoiserInput) -> Prediction
}
