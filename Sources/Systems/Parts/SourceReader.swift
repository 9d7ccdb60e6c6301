import Media
import Networks
import Tensors

/// Reads with the encoder of a model that makes sentences of sentences: one tokenizer and one length serve both.
final class SourceReader: TextReader {
    private let network: Seq2SeqTransformer
    private let form: TextForm

    init(_ network: Seq2SeqTransformer, _ form: TextForm) { (self.network, self.form) = (network, form) }

    var width: Int { network.configuration.width }
    var length: Int { form.length }
    var vocabulary: Int { network.vocabulary }

    func tokens(_ captions: [String]) -> CaptionTokens { CaptionTokens(form.tokens(captions)) }

    func tokenCount(_ caption: String) -> Int { form.count(caption) }

    func read(_ tokens: CaptionTokens) -> EncodedText {
        EncodedText(averaging: network.encode(tokens.ids, mask: tokens.mask), mask: tokens.mask)
    }

    /// The encoder is among the model's weights, the tokenizer is the model's.
    func write(to folder: String) {}
}
