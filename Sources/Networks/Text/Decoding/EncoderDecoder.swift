import Tensors

/// A network that makes states of a text, and says a text of such states.
public protocol EncoderDecoder: SequenceDecoder {
    /// D of the states.
    var stateWidth: Int { get }

    /// States `[B, M, D]` of tokens `[B, M]`; `mask` `[B, M]` with 1 to keep.
    func encode(_ ids: Tokens, mask: Tensor?) -> Tensor

    /// Logits `[B, N, V]` of what follows each of the tokens `[B, N]` that the decoder is given, over states `[B, M, D]`; differentiable.
    func callAsFunction(_ ids: Tokens, over states: Tensor, mask: Tensor?) -> Tensor
}

extension BART: EncoderDecoder {
    public var stateWidth: Int { configuration.width }
}

extension T5: EncoderDecoder {
    public var stateWidth: Int { configuration.width }
}

extension Seq2SeqTransformer: EncoderDecoder {
    public var stateWidth: Int { configuration.stateWidth ?? configuration.width }
}
