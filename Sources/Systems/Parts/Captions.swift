import Diffusion
import Media
import Networks
import Tensors
import Training

/// The reader that learns with its model: a byte-pair vocabulary of the training captions and a small Transformer.
public final class CaptionReader: Module, TextReader {
    let encoder: TextEncoder
    private let tokenizer: any PipelineTokenizer

    public var width: Int { encoder.width }
    public var length: Int { encoder.length }

    /// Keys: `vocabulary`, `length`, `width`, `depth`, `heads`.
    init(_ section: Section, _ surroundings: Surroundings) throws {
        let vocabulary = try section.int("vocabulary", default: 512, in: 260...65_536)
        let length = try section.int("length", default: 24, in: 2...512)
        let width = try section.int("width", default: 192, in: 8...4096)
        let depth = try section.int("depth", default: 3, in: 0...48)
        let heads = try section.int("heads", default: 4, in: 1...64)
        guard width % heads == 0 else {
            throw section.error("heads", "does not divide the width", expected: "a divisor of \(width)", found: "\(heads)")
        }
        tokenizer = try ModelTokenizer.make(vocabulary: vocabulary, surroundings)
        encoder = TextEncoder(
            vocabulary: max(vocabulary, tokenizer.vocabularySize), length: length, width: width, depth: depth, heads: heads)
        super.init()
    }

    /// Padded with 0 and cut to the model's length; an empty caption is one end mark, so that there is a word to read.
    public func tokens(_ captions: [String]) -> CaptionTokens {
        CaptionTokens(
            captions.map { tokenizer.encode($0, wrapped: false, limit: length - 1) + [ModelTokenizer.end] },
            length: length, padding: ModelTokenizer.padding)
    }

    public func tokenCount(_ caption: String) -> Int { tokenizer.encode(caption, wrapped: false, limit: nil).count + 1 }

    public var vocabulary: Int { encoder.vocabulary }

    public func read(_ tokens: CaptionTokens) -> EncodedText { encoder(tokens.ids) }

    public func write(to folder: String) throws { try ModelTokenizer.write(tokenizer, to: folder) }
}
