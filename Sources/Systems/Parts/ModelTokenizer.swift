import Media
import Tensors
import Training

/// The byte-pair tokenizer that a model makes of its data's sentences and keeps in `text/tokenizer.json`.
enum ModelTokenizer {
    static let padding: Int32 = 0, start: Int32 = 2, end: Int32 = 3
    private static let specials = ["<pad>", "<unk>", "<s>", "</s>"]

    /// That of the system's other parts, of the model directory or of the one that training starts from, else a new one of so many tokens.
    static func make(vocabulary: Int, _ surroundings: Surroundings) throws -> any PipelineTokenizer {
        if let words = surroundings.words { return words }
        if let folder = surroundings.folder ?? surroundings.vocabulary {
            return try Tokenizers.load(folder + ModelDirectory.tokenizer)
        }
        return try BytePairTokenizer.trained(on: try surroundings.captions(), vocabularySize: vocabulary, specials: specials)
    }

    static func write(_ tokenizer: any PipelineTokenizer, to folder: String) throws {
        try Folder.create(folder + "/text")
        try tokenizer.save(to: folder + ModelDirectory.tokenizer)
    }
}
