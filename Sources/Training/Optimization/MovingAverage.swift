import Networks
import Tensors

/// Running averages of weights, which sampling uses (EMA).
public final class MovingAverage {
    public let decay: Double
    /// Lets early averages follow faster: decay is at most (1 + n) / (10 + n) at step n.
    public let warmsUp: Bool
    public internal(set) var updates = 0
    private var values: [ObjectIdentifier: Tensor] = [:]
    private let parameters: [Parameter]

    public init(decay: Double, warmsUp: Bool = true, _ parameters: [Parameter]) {
        self.decay = decay
        self.warmsUp = warmsUp
        self.parameters = parameters
        for p in parameters { values[ObjectIdentifier(p)] = copied(p.value) }
    }

    subscript(_ parameter: Parameter) -> Tensor? { values[ObjectIdentifier(parameter)] }

    /// Counts a training step; its updates, whatever the phase, use the same decay.
    public func beginStep() { updates += 1 }

    /// The decay of the step under way.
    var stepDecay: Double {
        warmsUp ? min(decay, Double(1 + updates) / Double(10 + updates)) : decay
    }

    /// Moves a parameter's average towards its new value, where the update did not.
    func follow(_ parameter: Parameter) {
        let key = ObjectIdentifier(parameter)
        guard let average = values[key] else { return }
        let decay = Float(stepDecay)
        values[key] = average * decay + parameter.value.detached() * (1 - decay)
    }

    /// Averages by parameter name.
    public var named: [String: Tensor] {
        Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, values[ObjectIdentifier($0)]!) })
    }

    func restore(updates: Int, _ tensor: (String) throws -> Tensor) throws {
        self.updates = updates
        let restored = try parameters.map { (ObjectIdentifier($0), try tensor($0.name)) }
        for (key, value) in restored { values[key] = value }
    }

    /// Runs `body` with the averages in place of the weights.
    public func applied<T>(_ body: () throws -> T) rethrows -> T {
        let saved = parameters.map { copied($0.value) }
        for p in parameters { p.set(values[ObjectIdentifier(p)]!) }
        defer { for (p, value) in zip(parameters, saved) { p.set(value) } }
        return try body()
    }
}

/// A copy that updates in place cannot reach.
private func copied(_ x: Tensor) -> Tensor {
    let y = Tensor(uninitialized: x.shape)
    backend.copy(x.detached(), into: y, accumulating: false)
    return y
}
