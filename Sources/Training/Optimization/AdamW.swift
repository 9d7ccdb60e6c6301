import Networks
import Tensors

/// Settings of AdamW (Loshchilov & Hutter 2019).
public struct AdamWConfiguration: Sendable, Equatable {
    public var rate: LearningRate
    public var betas: (Double, Double)
    public var eps: Double
    public var decay: Double

    public init(rate: LearningRate, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8, decay: Double = 0) {
        self.rate = rate
        self.betas = betas
        self.eps = eps
        self.decay = decay
    }

    public static func == (a: AdamWConfiguration, b: AdamWConfiguration) -> Bool {
        a.rate == b.rate && a.betas == b.betas && a.eps == b.eps && a.decay == b.decay
    }
}

/// AdamW over one phase's parameters: one pass for clipping, moments, decay, weights, the average and the bf16 copy.
public final class AdamW {
    public let configuration: AdamWConfiguration
    public let parameters: [Parameter]
    /// Updates made so far.
    public internal(set) var step = 0
    private(set) var first: [Tensor]
    private(set) var second: [Tensor]

    public init(_ configuration: AdamWConfiguration, _ parameters: [Parameter]) {
        self.configuration = configuration
        self.parameters = parameters
        first = parameters.map { .zeros($0.shape) }
        second = parameters.map { .zeros($0.shape) }
    }

    /// One update. `gradients` are multiplied by `scale` first; `averages`, where given, move towards the new weights.
    public func update(_ gradients: [Tensor], scale: Double = 1, rate: Double, averages: MovingAverage? = nil) {
        step += 1
        let (beta1, beta2) = configuration.betas
        for (i, p) in parameters.enumerated() where !p.isFrozen {
            backend.adamW(
                AdamWStep(
                    weight: p.value.detached(), gradient: gradients[i].contiguous(), firstMoment: first[i],
                    secondMoment: second[i], average: averages?[p], gradientScale: Float(scale), rate: Float(rate),
                    beta1: Float(beta1), beta2: Float(beta2), eps: Float(configuration.eps),
                    decay: p.decays ? Float(configuration.decay) : 0,
                    correction1: Float(1 - power(beta1, step)), correction2: Float(1 - power(beta2, step)),
                    averageDecay: Float(averages?.stepDecay ?? 0)))
        }
    }

    /// Moments by parameter name, for checkpoints.
    var state: [(name: String, first: Tensor, second: Tensor)] {
        parameters.indices.map { (parameters[$0].name, first[$0], second[$0]) }
    }

    func restore(step: Int, moments: (String) throws -> (Tensor, Tensor)) throws {
        self.step = step
        let restored = try parameters.map { try moments($0.name) }
        first = restored.map(\.0)
        second = restored.map(\.1)
    }
}

private func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, base, exponent) = (1.0, base, exponent)
    while exponent > 0 {
        if exponent & 1 == 1 { result *= base }
        base *= base
        exponent >>= 1
    }
    return result
}

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
