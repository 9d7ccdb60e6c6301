import Tensors

// Two batches as one, so that a network is asked once.

extension DenoiserInput {
    /// The samples of `a`, then those of `b`.
    public init(joining a: DenoiserInput, _ b: DenoiserInput) {
        require(
            a.conditions.count == b.conditions.count,
            "DenoiserInput: \(a.conditions.count) conditions joined to \(b.conditions.count)")
        func joined(_ x: Tensor?, _ y: Tensor?) -> Tensor? {
            guard let x, let y else { return nil }
            return concatenated([x, y], axis: 0)
        }
        // A mask that all samples share has a first axis of 1.
        func perSample(_ mask: Tensor?, _ input: DenoiserInput) -> Tensor? {
            mask.map { $0.broadcast(to: [input.time.count] + $0.shape.dropFirst()) }
        }
        self.init(
            state: concatenated([a.state, b.state], axis: 0), time: a.time + b.time,
            networkTime: a.networkTime + b.networkTime,
            conditions: zip(a.conditions, b.conditions).map { Condition(joining: $0, $1) },
            paddingMask: joined(perSample(a.paddingMask, a), perSample(b.paddingMask, b)),
            cleanMask: joined(perSample(a.cleanMask, a), perSample(b.cleanMask, b)),
            previous: joined(a.previous, b.previous), places: zip(a.places, b.places).map { $0 + $1 })
        scope = a.scope?.part(-1)
    }
}

private func zip<T>(_ a: [T]?, _ b: [T]?) -> ([T], [T])? {
    guard let a, let b else { return nil }
    return (a, b)
}

extension Condition {
    /// The samples of `a`, then those of `b`; the shorter states are padded and masked.
    public init(joining a: Condition, _ b: Condition) {
        require(a.kind == b.kind, "Condition: \(a.kind) joined to \(b.kind)")
        require(
            (a.states == nil) == (b.states == nil) && (a.pooled == nil) == (b.pooled == nil)
                && a.labels.isEmpty == b.labels.isEmpty, "Condition: two of kind \(a.kind) hold different things")
        var states: Tensor?
        var mask: Tensor?
        if let x = a.states, let y = b.states {
            let length = max(x.shape[1], y.shape[1])
            states = concatenated([padded(x, to: length), padded(y, to: length)], axis: 0)
            if a.mask != nil || b.mask != nil || x.shape[1] != y.shape[1] {
                let masks = [(a.mask, x), (b.mask, y)].map { mask, states in
                    padded(mask ?? .ones(Array(states.shape.prefix(2))), to: length)
                }
                mask = concatenated(masks, axis: 0)
            }
        }
        let isNull =
            a.isNull.isEmpty && b.isNull.isEmpty
            ? [] : (0..<a.count).map(a.isWithheld) + (0..<b.count).map(b.isWithheld)
        self.init(
            a.kind, labels: a.labels + b.labels, states: states,
            pooled: a.pooled.map { concatenated([$0, b.pooled!], axis: 0) }, mask: mask, weight: a.weight,
            isNull: isNull)
    }
}

/// Zeros after the content, along axis 1.
private func padded(_ x: Tensor, to length: Int) -> Tensor {
    guard x.shape[1] < length else { return x }
    var shape = x.shape
    shape[1] = length - shape[1]
    return concatenated([x, .zeros(shape)], axis: 1)
}
