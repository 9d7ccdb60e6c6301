import Denoisers
import Networks
import Tensors

/// What a denoiser is asked outside of sampling, in our own layout.
public struct DenoiserQuestion {
    /// `[B, H, W, C]`, or tokens as whole numbers `[B, N]`.
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
    /// Of one example: `[H, W, C]`, or `[N]` for tokens.
    var stateShape: [Int] { get }
    /// Tokens are below this, the mask included; 0 where the state is real numbers.
    var stateTokens: Int { get }
    /// Classes it knows, 0 for none.
    var classCount: Int { get }
    /// Width of the context it listens to, 0 for none.
    var contextWidth: Int { get }
    /// Raw output, `[B, H, W, C or 2C]`, or logits `[B, N, K]`. A condition left out is withheld.
    func denoise(_ question: DenoiserQuestion) -> Tensor
}

extension DenoisingSystem {
    public var stateTokens: Int { 0 }
}

extension DenoiserQuestion {
    /// What a network of `width` listens to.
    func words(_ width: Int, dropping: (EncodedText, Tensor) -> EncodedText) -> EncodedText? {
        guard width > 0 else { return nil }
        let batch = state.shape[0]
        let states = context ?? .zeros([batch, 1, width])
        let text = EncodedText(averaging: states, mask: contextMask ?? .ones([batch, states.shape[1]]))
        return context == nil ? dropping(text, .zeros([batch])) : text
    }

    /// Classes for a network that knows `count`.
    func labels(_ count: Int) -> [Int]? {
        count > 0 ? classes ?? Array(repeating: count, count: state.shape[0]) : nil
    }
}

/// A system whose text reader can be asked by itself.
public protocol ReadingSystem: System {
    /// Nil when this model reads no text.
    var textReader: (any TextReader)? { get }
}

extension DiffusionTransformer {
    /// Raw output at a state, times and conditions from outside.
    func answer(_ question: DenoiserQuestion) -> Tensor {
        self(
            question.state, t: question.times, classes: question.labels(configuration.classes),
            text: question.words(configuration.contextWidth) { dropping($0, keeps: $1) })
    }
}
