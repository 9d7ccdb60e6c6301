import Diffusion
import Networks
import Tensors

extension TokenTransformer: Denoiser {
    /// Logits of clean tokens for tokens as whole numbers `[B, N]`; takes a class condition, a text condition or none. What is withheld
    /// becomes the model's own null.
    public func callAsFunction(_ input: DenoiserInput) -> Prediction {
        let (labels, words) = input.conditions.told(nullClass: nullClass) { dropping($0, keeps: $1) }
        return Prediction(
            self(input.tokens, t: input.networkTime, classes: labels, text: words, scope: input.scope), .logits)
    }
}
