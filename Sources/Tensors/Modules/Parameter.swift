/// How a parameter's first values are drawn.
public enum Initializer: Sendable, Equatable {
    case constant(Float)
    case normal(deviation: Float)
    case uniform(bound: Float)

    public static let zeros = constant(0)
    public static let ones = constant(1)

    /// U(±√(6 / (fan in + fan out))) (Glorot & Bengio 2010).
    public static func xavierUniform(fanIn: Int, fanOut: Int) -> Initializer {
        .uniform(bound: (6 / Float(fanIn + fanOut)).squareRoot())
    }

    /// U(±√(1 / fan in)), PyTorch's default for linear layers and convolutions.
    public static func fanIn(_ fanIn: Int) -> Initializer { .uniform(bound: (1 / Float(max(1, fanIn))).squareRoot()) }

    package func draw(_ shape: [Int], _ noise: Noise) -> Tensor {
        switch self {
        case .constant(let value): .full(shape, value)
        case .normal(let deviation): noise.normal(shape) * deviation
        case .uniform(let bound): (noise.uniform(shape) * 2 - 1) * bound
        }
    }
}

/// A tensor that training changes. The one thing in the house with identity besides buffers.
public final class Parameter: @unchecked Sendable {
    public let shape: [Int]
    public let initializer: Initializer
    /// Whether the optimiser's weight decay applies.
    public let decays: Bool
    /// Property path from the root module, set by the walker.
    public internal(set) var name = ""
    /// A frozen parameter takes no gradient and no update.
    public var isFrozen = false
    /// Nil until something looks: a model whose sizes turn out to be wrong costs no memory.
    private var stored: Tensor?

    public init(_ shape: [Int], _ initializer: Initializer, decays: Bool) {
        self.shape = shape
        self.initializer = initializer
        self.decays = decays
    }

    private var leaf: Tensor {
        if let stored { return stored }
        let zeros = Tensor.zeros(shape).requiringGradient()
        stored = zeros
        return zeros
    }

    /// A leaf of the record, or a constant when frozen or in `withConstantParameters`.
    public var value: Tensor { isFrozen || !Context.current.recordsParameters ? leaf.detached() : leaf }

    /// Replaces the values; shape must match.
    public func set(_ tensor: Tensor) {
        require(tensor.shape == shape, "parameter \(name): shape \(tensor.shape) for \(shape)")
        let fresh = Tensor(uninitialized: shape)
        backend.copy(tensor, into: fresh, accumulating: false)
        stored = fresh.requiringGradient()
    }
}

/// A tensor that is saved with a module but not optimised: a codebook kept by averages, fitted statistics.
public final class Buffer: @unchecked Sendable {
    public let shape: [Int]
    public internal(set) var name = ""
    /// What only training reads: checkpoints hold it, models to share do not.
    public let isForTraining: Bool
    public var value: Tensor {
        didSet { require(value.shape == shape, "buffer \(name): shape \(value.shape) for \(shape)") }
    }

    public init(_ value: Tensor, isForTraining: Bool = false) {
        shape = value.shape
        self.isForTraining = isForTraining
        self.value = value.detached()
    }
}
