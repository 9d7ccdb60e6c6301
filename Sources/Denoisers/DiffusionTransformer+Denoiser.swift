import Diffusion
import Networks
import Tensors

extension DiffusionTransformer: Denoiser {
    /// Takes a class condition, a text condition, both or none; what is withheld becomes the model's own null.
    public func callAsFunction(_ input: DenoiserInput) -> Prediction {
        let (labels, words) = input.conditions.told(nullClass: nullClass) { dropping($0, keeps: $1) }
        let output = self(
            input.state, t: input.networkTime, classes: labels, text: words, previous: input.previous,
            known: input.conditions.known, padding: input.paddingMask,
            scope: input.scope)
        return Prediction(splitting: output, configuration.prediction, learnsVariance: configuration.learnsVariance)
    }
}
