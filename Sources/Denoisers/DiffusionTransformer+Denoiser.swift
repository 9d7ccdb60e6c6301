import Diffusion
import Networks
import Tensors

extension DiffusionTransformer: Denoiser {
    /// Takes a class condition, a text condition, both or none; what is withheld becomes the model's own null.
    public func callAsFunction(_ input: DenoiserInput) -> Prediction {
        var labels: [Int]?
        var words: EncodedText?
        for condition in input.conditions {
            switch condition.kind {
            case .classes:
                labels = condition.labels.enumerated().map { condition.isWithheld($0) ? nullClass : $1 }
            default:
                guard let states = condition.states, let pooled = condition.pooled, let mask = condition.mask else {
                    fatalError("DiT: a \(condition.kind) condition without states, pooled vector or mask")
                }
                let text = EncodedText(states: states, pooled: pooled, mask: mask)
                let keeps = (0..<states.shape[0]).map { condition.isWithheld($0) ? Float(0) : 1 }
                words = keeps.contains(0) ? dropping(text, keeps: Tensor(keeps, [keeps.count])) : text
            }
        }
        let output = self(input.state, t: input.networkTime, classes: labels, text: words, scope: input.scope)
        return Prediction(splitting: output, configuration.prediction, learnsVariance: configuration.learnsVariance)
    }
}
