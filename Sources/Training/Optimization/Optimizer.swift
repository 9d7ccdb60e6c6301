import Tensors

/// What makes weights better by their gradients: one phase's parameters, and what it remembers of them.
public protocol Optimizer: AnyObject {
    var parameters: [Parameter] { get }
    /// Updates made so far.
    var step: Int { get }
    /// One update. `gradients` are multiplied by `scale` first; `averages`, where given, move towards the new weights.
    func update(_ gradients: [Tensor], scale: Double, rate: Double, averages: MovingAverage?)
    /// What it remembers, by names that begin with the parameter's, for checkpoints.
    var state: [(name: String, tensor: Tensor)] { get }
    /// Takes back what was saved.
    func restore(step: Int, _ tensor: (String) throws -> Tensor) throws
}

/// Which optimizer, and its settings.
public enum OptimizerConfiguration: Sendable, Equatable {
    case adamW(AdamWConfiguration)
    case muon(MuonConfiguration)

    public var rate: LearningRate {
        switch self {
        case .adamW(let settings): settings.rate
        case .muon(let settings): settings.rest.rate
        }
    }

    func made(_ parameters: [Parameter]) -> any Optimizer {
        switch self {
        case .adamW(let settings): AdamW(settings, parameters)
        case .muon(let settings): Muon(settings, parameters)
        }
    }
}
