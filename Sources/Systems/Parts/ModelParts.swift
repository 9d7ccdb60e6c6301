import Networks
import Tensors

/// What a denoiser is asked outside of sampling, in our own layout.
public struct DenoiserQuestion {
    /// `[B, H, W, C]`.
    public var state: Tensor
    /// `[B]`, in the units the network was published with.
    public var times: [Float]
    /// `[B]`; `classCount` stands for none. Nil tells nobody anything.
    public var classes: [Int]?
    /// `[B, L, D]`.
    public var context: Tensor?
    /// `[B, L]`, 1 where the context holds something.
    public var contextMask: Tensor?

    public init(state: Tensor, times: [Float], classes: [Int]? = nil, context: Tensor? = nil, contextMask: Tensor? = nil) {
        self.state = state
        self.times = times
        self.classes = classes
        self.context = context
        self.contextMask = contextMask
    }
}

/// A system whose denoiser can be asked by itself.
public protocol DenoisingSystem: System {
    /// Of one example: `[H, W, C]`.
    var stateShape: [Int] { get }
    /// Classes it knows, 0 for none.
    var classCount: Int { get }
    /// Width of the context it listens to, 0 for none.
    var contextWidth: Int { get }
    /// Raw output, `[B, H, W, C or 2C]`. A condition left out is withheld.
    func denoise(_ question: DenoiserQuestion) -> Tensor
}

/// A system whose text reader can be asked by itself.
public protocol ReadingSystem: System {
    /// Nil when this model reads no text.
    var textReader: (any TextReader)? { get }
}

extension DiTSystem: DenoisingSystem, ReadingSystem {
    public var stateShape: [Int] { codec.codec.latents.shape }
    public var classCount: Int { denoiser.configuration.classes }
    public var contextWidth: Int { denoiser.configuration.contextWidth }
    public var textReader: (any TextReader)? { reader }

    public func denoise(_ question: DenoiserQuestion) -> Tensor {
        let batch = question.state.shape[0]
        var words: EncodedText?
        if contextWidth > 0 {
            let states = question.context ?? .zeros([batch, 1, contextWidth])
            let mask = question.contextMask ?? .ones([batch, states.shape[1]])
            let weights = mask / maximum(mask.sum(1, keep: true), Tensor(1))
            let text = EncodedText(states: states, pooled: (states * weights.unsqueezed(2)).sum(1), mask: mask)
            words = question.context == nil ? denoiser.dropping(text, keeps: .zeros([batch])) : text
        }
        let labels = classCount > 0 ? question.classes ?? Array(repeating: denoiser.nullClass, count: batch) : nil
        return denoiser(question.state, t: question.times, classes: labels, text: words)
    }
}
