import Diffusion
import Networks
import Tensors

/// A network over a grid of tokens that listens to classes or words.
public protocol TokenNetwork: Module, Denoiser {
    var configuration: TokenTransformerConfiguration { get }
    /// A word that stands for "no caption", `[C]`; nil where no captions are read.
    var nullText: Parameter? { get }

    /// - Parameters:
    ///   - x: `[B, N]`, K where masked.
    ///   - t: B times in the model's published units, counted from 0.
    ///   - scope: where something may be kept for other calls with the same conditions.
    /// - Returns: `[B, N, K]`.
    func callAsFunction(_ x: Tokens, t: [Float], classes labels: [Int]?, text: EncodedText?, scope: RunScope?) -> Tensor
}

extension TokenNetwork {
    /// The label that means "no class".
    public var nullClass: Int { configuration.classes }

    /// What the model hears instead of each caption whose `keeps` is 0: `[B]`.
    public func dropping(_ words: EncodedText, keeps: Tensor) -> EncodedText {
        nullText.map { words.dropped(to: $0.value, keeps: keeps) } ?? words
    }

    /// Logits for tokens as whole numbers `[B, N]`; takes a class condition, a text condition or none. What is withheld becomes the
    /// model's own null.
    public func callAsFunction(_ input: DenoiserInput) -> Prediction {
        let (labels, words) = input.conditions.told(nullClass: nullClass) { dropping($0, keeps: $1) }
        return Prediction(
            self(input.tokens, t: input.networkTime, classes: labels, text: words, scope: input.scope), .logits)
    }

    func check(_ x: Tokens, _ t: [Float]) {
        require(
            x.shape == [t.count, configuration.tokens],
            "\(type(of: self)): tokens \(x.shape) and \(t.count) times for \(configuration.tokens)")
    }
}

extension EncodedText {
    /// A text of one word, `[B, D]`.
    init(word: Tensor) {
        self.init(states: word.unsqueezed(1), pooled: word, mask: .ones([word.shape[0], 1]))
    }

    /// The texts of some samples, by their numbers.
    func picked(_ samples: [Int]) -> EncodedText {
        func rows(_ x: Tensor) -> Tensor {
            let rest = Array(x.shape.dropFirst())
            return embedding(x.reshaped([x.shape[0], rest.elementCount]), Tokens(samples)).reshaped([samples.count] + rest)
        }
        return EncodedText(states: rows(states), pooled: rows(pooled), mask: rows(mask))
    }
}

extension Optional<Embedding> {
    /// What a network with a table of classes hears of labels: a text of one word.
    func heard(_ labels: [Int]?) -> EncodedText? {
        guard let self, let labels else { return nil }
        return EncodedText(word: self(Tokens(labels)))
    }
}

extension TokenNetwork {
    /// Vectors of some places of the grid, row-major: `[places, D]`.
    func gridPositions(_ rows: Embedding, _ columns: Embedding, _ places: Range<Int>) -> Tensor {
        let c = configuration.columns
        return rows(Tokens(places.map { $0 / c })) + columns(Tokens(places.map { $0 % c }))
    }
}
