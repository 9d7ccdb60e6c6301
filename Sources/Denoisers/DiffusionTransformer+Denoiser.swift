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
                guard let text = condition.encodedText else {
                    fatalError("DiT: a \(condition.kind) condition without states, pooled vector or mask")
                }
                let keeps = (0..<condition.count).map { condition.isWithheld($0) ? Float(0) : 1 }
                words = keeps.contains(0) ? dropping(text, keeps: Tensor(keeps, [keeps.count])) : text
            }
        }
        let output = self(input.state, t: input.networkTime, classes: labels, text: words, scope: input.scope)
        return Prediction(splitting: output, configuration.prediction, learnsVariance: configuration.learnsVariance)
    }
}
