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
public final class AdamW: Optimizer {
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

    public var state: [(name: String, tensor: Tensor)] {
        parameters.enumerated().flatMap { [($1.name + "/first", first[$0]), ($1.name + "/second", second[$0])] }
    }

    public func restore(step: Int, _ tensor: (String) throws -> Tensor) throws {
        self.step = step
        first = try parameters.map { try tensor($0.name + "/first") }
        second = try parameters.map { try tensor($0.name + "/second") }
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
