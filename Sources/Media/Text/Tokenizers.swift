import Glibc
import Tensors

/// Loading a tokenizer without knowing its kind.
public enum Tokenizers {
    /// - Parameter path: a folder with `tokenizer.json` or `vocab.txt`, or one of these files.
    public static func load(_ path: String) throws(InputError) -> any PipelineTokenizer {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            return try load(file: path)
        }
        for name in ["tokenizer.json", "vocab.txt"] where exists("\(path)/\(name)") {
            return try load(file: "\(path)/\(name)")
        }
        throw InputError("the folder holds no tokenizer", at: path, expected: "tokenizer.json or vocab.txt")
    }

    private static func load(file path: String) throws(InputError) -> any PipelineTokenizer {
        if path.hasSuffix(".txt") { return try WordPieceTokenizer(path) }
        return try load(JSON.read(path), file: path)
    }

    /// Reads a `tokenizer.json` already parsed; `file` is what errors call it.
    public static func load(_ json: JSON, file: String) throws(InputError) -> any PipelineTokenizer {
        let model = try JSONField(json, in: file).field("model")
        switch try TokenPipeline.modelType(model) {
        case "BPE": return try BytePairTokenizer(json, file: file)
        case "WordPiece": return try WordPieceTokenizer(json, file: file)
        case "Unigram": return try UnigramTokenizer(json, file: file)
        case let type:
            throw InputError(
                "unsupported tokenizer model", at: model.place + ".type", expected: "BPE, WordPiece, Unigram",
                found: type)
        }
    }

    static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }
}
