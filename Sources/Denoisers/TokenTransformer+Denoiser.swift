import Diffusion
import Networks
import Tensors

extension TokenTransformer: Denoiser {
    /// Logits of clean tokens for tokens as whole numbers `[B, N]`; takes a class condition, a text condition or none. What is withheld
    /// becomes the model's own null.
    public func callAsFunction(_ input: DenoiserInput) -> Prediction {
        var labels: [Int]?
        var words: EncodedText?
        for condition in input.conditions {
            switch condition.kind {
            case .classes:
                labels = condition.labels.enumerated().map { condition.isWithheld($0) ? nullClass : $1 }
            default:
                words = condition.encodedText.map { text in
                    let keeps = (0..<condition.count).map { condition.isWithheld($0) ? Float(0) : 1 }
                    return keeps.contains(0) ? dropping(text, keeps: Tensor(keeps, [keeps.count])) : text
                }
            }
        }
        return Prediction(
            self(input.tokens, t: input.networkTime, classes: labels, text: words, scope: input.scope), .logits)
    }
}

extension Condition {
    /// As the text encoder gave it.
    var encodedText: EncodedText? {
        guard let states, let pooled, let mask else { return nil }
        return EncodedText(states: states, pooled: pooled, mask: mask)
    }
}
