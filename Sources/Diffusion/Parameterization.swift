import Tensors

/// What the network's output stands for, given x = α x0 + σ ε.
public enum Parameterization: String, Sendable, CaseIterable {
    case x0
    case epsilon
    /// α ε - σ x0 (Salimans & Ho 2022, arXiv 2202.00512).
    case v
    /// ε - x0, the speed along straight paths (Lipman et al. 2022, arXiv 2210.02747).
    case velocity
    /// Unnormalised log-probabilities of clean tokens; categorical corruptions only.
    case logits

    /// Those of Gaussian corruptions, which convert into each other.
    public static let gaussian: [Parameterization] = [.x0, .epsilon, .v, .velocity]

    /// The quantity itself, for training.
    public func target(x0: Tensor, epsilon: Tensor, _ level: NoiseLevel) -> Tensor {
        switch self {
        case .x0: x0
        case .epsilon: epsilon
        case .v: level.alpha * epsilon - level.sigma * x0
        case .velocity: epsilon - x0
        case .logits: fatalError("Parameterization: logits have no Gaussian target")
        }
    }

    /// Clean data implied by `output` at state `x`. ε says nothing about x0 where α is 0.
    public func x0(from output: Tensor, at x: Tensor, _ level: NoiseLevel) -> Tensor {
        let (a, s) = (level.alpha, level.sigma)
        switch self {
        case .x0:
            return output
        case .epsilon:
            return a.map { 1 / $0 } * (x - s * output)
        case .v:
            let square = a.squared + s.squared
            return (a / square) * x - (s / square) * output
        case .velocity:
            let sum = a + s
            return sum.map { 1 / $0 } * (x - s * output)
        case .logits:
            fatalError("Parameterization: logits of shape \(output.shape) hold no Gaussian estimate")
        }
    }

    /// Noise implied by `output` at state `x`. x0 says nothing about ε where σ is 0.
    public func epsilon(from output: Tensor, at x: Tensor, _ level: NoiseLevel) -> Tensor {
        let (a, s) = (level.alpha, level.sigma)
        switch self {
        case .x0:
            return s.map { 1 / $0 } * (x - a * output)
        case .epsilon:
            return output
        case .v:
            let square = a.squared + s.squared
            return (s / square) * x + (a / square) * output
        case .velocity:
            let sum = a + s
            return sum.map { 1 / $0 } * (x + a * output)
        case .logits:
            fatalError("Parameterization: logits of shape \(output.shape) hold no Gaussian estimate")
        }
    }

    /// The same statement about state `x` in another parameterisation.
    public func converted(_ output: Tensor, to other: Parameterization, at x: Tensor, _ level: NoiseLevel) -> Tensor {
        if self == other { return output }
        return other.target(
            x0: x0(from: output, at: x, level), epsilon: epsilon(from: output, at: x, level), level)
    }

    /// |x0 error| / |output error|: squared, it turns the output's squared error into that of x0.
    public func errorScale(_ level: NoiseLevel) -> Coefficient {
        let (a, s) = (level.alpha, level.sigma)
        switch self {
        case .x0: return a.map { _ in 1 }
        case .epsilon: return s / a
        case .v: return s / (a.squared + s.squared)
        case .velocity: return s / (a + s)
        case .logits: fatalError("Parameterization: logits have no Gaussian error")
        }
    }
}
