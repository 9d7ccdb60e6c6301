import Glibc
import Tensors

/// How much a squared error counts at each noise level, in the space of the network's output.
///
/// Independent of the time density: a density says which times are seen, a weighting what they are worth.
public protocol Weighting: Sendable {
    func weight(_ level: NoiseLevel, _ kind: Parameterization) -> Coefficient
}

/// 1 for every level: the plain squared error of whatever the network outputs.
public struct SimpleWeighting: Weighting {
    public static let name = "simple"

    public init() {}

    public func weight(_ level: NoiseLevel, _ kind: Parameterization) -> Coefficient { level.alpha.map { _ in 1 } }
}

/// min(SNR, γ) in the space of x0 (Hang et al. 2023, arXiv 2303.09556).
public struct MinSNRWeighting: Weighting {
    public static let name = "min_snr"
    public let gamma: Double

    public init(gamma: Double = 5) { self.gamma = gamma }

    public func weight(_ level: NoiseLevel, _ kind: Parameterization) -> Coefficient {
        // With ε the weight is min(1, γ / SNR), which stays finite where x0's scale is not.
        guard kind != .epsilon else { return level.ratio.map { min(1, gamma * $0 * $0) } }
        return level.signalToNoise.map { min($0, gamma) }.zip(kind.errorScale(level).squared) { $1 == 0 ? 0 : $0 * $1 }
    }
}

/// max(SNR, 1) in the space of x0 (Salimans & Ho 2022, section 4).
public struct TruncatedSNRWeighting: Weighting {
    public static let name = "truncated_snr"

    public init() {}

    public func weight(_ level: NoiseLevel, _ kind: Parameterization) -> Coefficient {
        // Errors of x0 are scaled by σ for every other kind, so the product is finite except for x0 itself at
        // σ = 0.
        guard kind != .x0 else { return level.signalToNoise.map { min(max($0, 1), 1e4) } }
        let sigma = level.sigma.map { max($0, 1e-8) }
        let noiseFree = kind.errorScale(NoiseLevel(alpha: level.alpha, sigma: sigma)) / sigma
        return level.alpha.zip(level.sigma) { max($0 * $0, $1 * $1) } * noiseFree.squared
    }
}

/// sigmoid(b - log-SNR) in the space of ε (Hoogeboom et al. 2024, arXiv 2410.19324).
public struct SigmoidWeighting: Weighting {
    public static let name = "sigmoid"
    public let bias: Double

    public init(bias: Double = -3) { self.bias = bias }

    public func weight(_ level: NoiseLevel, _ kind: Parameterization) -> Coefficient {
        // sigmoid(b - log-SNR) = σ² / (σ² + e^-b α²); an ε error is α/σ times the x0 error.
        let gate = level.alpha.zip(level.sigma) { 1 / ($1 * $1 + exp(-bias) * $0 * $0) }
        guard kind != .epsilon else { return gate * level.sigma.squared }
        return gate * (level.alpha * kind.errorScale(level)).squared
    }
}
