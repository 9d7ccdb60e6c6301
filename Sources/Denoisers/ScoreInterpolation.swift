import Diffusion
import Networks
import Tensors

/// A Transformer that says how likely each token is where its vector lies under noise; the estimate of x0 is the mean of the vectors by
/// those chances, from which the score follows (Dieleman et al. 2022, arXiv 2211.15089, section 3.1).
///
/// Vectors are learned and have the length √D whenever they are used, so that they cannot flee from the noise.
///
///     state [B, L, 1, D], logits [B, L, V]
public final class ScoreInterpolation: Module, Denoiser {
    let embedding: Parameter
    public let transformer: DiffusionTransformer
    private let schedule: VarianceExploding

    /// - Parameter c: with the vectors' width D as channels, and as many outputs as there are tokens.
    public init(_ c: DiTConfiguration, _ schedule: VarianceExploding) {
        require(c.outputs != nil && c.width == 1 && c.patch == 1, "ScoreInterpolation: logits of positions in a row")
        embedding = Parameter([c.outputs!, c.channels], .normal(deviation: 0.001), decays: false)
        transformer = DiffusionTransformer(c)
        self.schedule = schedule
        super.init()
    }

    /// `[V, D]`, rows of length √D.
    public var vectors: Tensor {
        let x = embedding.value
        return x / (x.square().mean(1, keep: true) + 1e-20).sqrt()
    }

    /// The state is scaled to unit variance, and nothing is seen of it where it is known.
    public func logits(_ input: DenoiserInput) -> Tensor {
        let scales = input.time.map { time in
            let sigma = Float(schedule.sigma(Double(time)))
            return 1 / (sigma * sigma + 1).squareRoot()
        }
        var inner = input
        inner.state = input.state * Tensor(scales, [scales.count, 1, 1, 1])
        if let known = input.conditions.known {
            inner.state = inner.state * (1 - known.slice(2, known.shape[2] - 1..<known.shape[2])).unsqueezed(2)
        }
        return transformer(inner).output.squeezed(2)
    }

    public func callAsFunction(_ input: DenoiserInput) -> Prediction {
        Prediction(estimate(logits(input)), .x0)
    }

    /// The mean of the vectors by the chances that logits `[B, L, V]` are: `[B, L, 1, D]`.
    public func estimate(_ logits: Tensor) -> Tensor { matmul(logits.softmax(), vectors).unsqueezed(2) }
}
