import Tensors

/// SentencePiece's tokenizer with a unigram model: T5, mT5, XLM-R, ALBERT.
///
/// Kudo and Richardson 2018 (arXiv 1808.06226).
public struct UnigramTokenizer: PipelineTokenizer {
    public let pipeline: TokenPipeline

    /// Reads a `tokenizer.json` whose model is Unigram.
    public init(_ json: JSON, file: String) throws(InputError) {
        pipeline = try TokenPipeline(json, file: file, models: ["Unigram"])
    }

    public init(_ path: String) throws(InputError) {
        try self.init(JSON.read(path), file: path)
    }
}
