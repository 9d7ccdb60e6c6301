import Networks
import Tensors

/// A model that encodes tokens and says tokens, and which of them mean something to it.
protocol SpeakingModel: Module, EncoderDecoder {
    var tokens: SpecialTokens { get }
}

extension BART: SpeakingModel { var tokens: SpecialTokens { configuration.tokens } }
extension T5: SpeakingModel { var tokens: SpecialTokens { configuration.tokens } }
extension Seq2SeqTransformer: SpeakingModel {
    var tokens: SpecialTokens { SpecialTokens(start: 1, ends: [2], padding: 0) }
}
