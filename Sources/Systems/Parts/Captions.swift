import Diffusion
import Media
import Networks
import Tensors
import Training

/// Turns captions into what a denoiser listens to: a byte-pair vocabulary and a small Transformer trained with the model.
public final class CaptionReader: Module {
    let encoder: TextEncoder
    private let tokenizer: any PipelineTokenizer

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
        if let folder = surroundings.folder {
            tokenizer = try Tokenizers.load(folder + "/text/tokenizer.json")
        } else {
            tokenizer = try BytePairTokenizer.trained(
                on: try surroundings.captions(), vocabularySize: vocabulary, specials: ["<pad>", "<unk>", "<s>", "</s>"])
        }
        encoder = TextEncoder(
            vocabulary: max(vocabulary, tokenizer.vocabularySize), length: length, width: width, depth: depth, heads: heads)
        super.init()
    }

    /// Padded with 0 and cut to the model's length; an empty caption is one end mark, so that there is a word to read.
    public func tokens(_ captions: [String]) -> Tokens {
        let L = encoder.length
        var ids: [Int32] = []
        for caption in captions {
            let words = tokenizer.encode(caption, wrapped: false, limit: L - 1) + [3]
            ids += words + [Int32](repeating: 0, count: L - words.count)
        }
        return Tokens(ids, [captions.count, L])
    }

    public func callAsFunction(_ captions: [String]) -> Condition {
        let read = encoder(tokens(captions))
        return Condition(.text, states: read.states, pooled: read.pooled, mask: read.mask)
    }

    func write(to folder: String) throws {
        try Folder.create(folder + "/text")
        try tokenizer.save(to: folder + "/text/tokenizer.json")
    }
}
