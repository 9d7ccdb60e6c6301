import Diffusion
import Networks
import Tensors

// How denoisers hear conditions.

extension CrossAttention {
    /// Keys and values of the words for a block, made once for all steps that share a scope: `[B, L, 2 D]`.
    func heard(_ words: EncodedText, in block: Int, _ scope: RunScope?) -> Tensor {
        let make = { [self.keysAndValues(words.states)] }
        return (scope?.remembered("words of block \(block)", make) ?? make())[0]
    }
}

extension [Condition] {
    /// Class labels and words, whichever there are; what is withheld becomes the network's own null.
    ///
    /// - Parameter dropping: the words, with the null for each sample whose flag `[B]` is 0.
    func told(
        nullClass: Int, dropping: (EncodedText, Tensor) -> EncodedText
    ) -> (labels: [Int]?, words: EncodedText?) {
        var labels: [Int]?
        var words: EncodedText?
        for condition in self {
            switch condition.kind {
            case .classes:
                labels = condition.labels.enumerated().map { condition.isWithheld($0) ? nullClass : $1 }
            case .known: break
            default:
                guard let states = condition.states, let pooled = condition.pooled, let mask = condition.mask else {
                    fatalError("a \(condition.kind) condition without states, pooled vector or mask")
                }
                let text = EncodedText(states: states, pooled: pooled, mask: mask)
                let keeps = (0..<condition.count).map { condition.isWithheld($0) ? Float(0) : 1 }
                words = keeps.contains(0) ? dropping(text, Tensor(keeps, [keeps.count])) : text
            }
        }
        return (labels, words)
    }
}

extension [Condition] {
    /// What is known of the state, `[B, N, C + 1]`, nothing of samples from which it is withheld; nil where nobody knows anything.
    var known: Tensor? {
        guard let condition = first(where: { $0.kind == .known }), let states = condition.states else { return nil }
        let keeps = (0..<condition.count).map { condition.isWithheld($0) ? Float(0) : 1 }
        return keeps.contains(0) ? states * Tensor(keeps, [keeps.count, 1, 1]) : states
    }
}
