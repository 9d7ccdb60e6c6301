import Diffusion
import Media
import Networks
import Tensors
import Training

/// The frozen reader: a published BERT-family encoder with its own tokenizer. What it says of a caption never changes.
public final class PretrainedReader: TextReader {
    public let length: Int
    /// Hash of the three files that the encoder is.
    public let fingerprint: String
    private let encoder: BERTEncoder
    private let tokenizer: any PipelineTokenizer
    private let folder: String

    public var width: Int { encoder.configuration.width }

    /// - Parameters:
    ///   - folder: `config.json`, `model.safetensors`, and `tokenizer.json` or `vocab.txt`.
    ///   - length: tokens of a caption, with the marks at its ends.
    public init(_ folder: String, length: Int) throws {
        self.folder = folder
        self.length = length
        encoder = try BERTEncoder.load(folder)
        for p in encoder.parameters() { p.isFrozen = true }
        tokenizer = try Tokenizers.load(folder)
        let c = encoder.configuration
        guard tokenizer.vocabularySize <= c.vocabulary else {
            throw InputError(
                "the tokenizer does not belong to the encoder", at: folder,
                expected: "at most vocab_size = \(c.vocabulary) tokens",
                found: "\(tokenizer.vocabularySize)")
        }
        guard (2...max(2, c.positions)).contains(length) else {
            throw InputError(
                "the encoder does not read so many tokens", at: folder, expected: "a length from 2 to \(c.positions)",
                found: "\(length)")
        }
        var hash = SHA256()
        for name in ["config.json", "model.safetensors"] {
            hash.update("\(name) \(try SHA256.hex(ofFile: folder + "/" + name))\n")
        }
        hash.update("tokenizer.json \(SHA256.hex(tokenizer.definition.encodedBytes(pretty: true)))\n")
        fingerprint = hash.hex()
    }

    /// Sections `condition {length}` and `encoder {from}`; in a model directory also the `fingerprint` of the encoder
    /// that the model learned with.
    convenience init(_ section: Section, of condition: Section) throws {
        let folder = try section.path("from")
        let positions = max(2, try BERTConfiguration(folder: folder).positions)
        try self.init(folder, length: try condition.int("length", default: min(32, positions), in: 2...positions))
        if let wanted = try section.optionalString("fingerprint"), wanted != fingerprint {
            throw section.error(
                "fingerprint", "is of another encoder", expected: String(wanted.prefix(12)),
                found: String(fingerprint.prefix(12)),
                hint: "the model was trained to listen to an encoder that is not this one")
        }
    }

    public func tokens(_ captions: [String]) -> CaptionTokens {
        CaptionTokens(
            captions.map { tokenizer.encode($0, wrapped: true, limit: length) }, length: length,
            padding: tokenizer.padding ?? 0)
    }

    public func tokenCount(_ caption: String) -> Int { tokenizer.encode(caption, wrapped: true, limit: nil).count }

    public var vocabulary: Int { encoder.configuration.vocabulary }

    public func read(_ tokens: CaptionTokens) -> EncodedText {
        withoutGradients { EncodedText(averaging: encoder(tokens.ids, mask: tokens.mask), mask: tokens.mask) }
    }

    /// The encoder's own files, and its tokenizer always as `tokenizer.json`: the copy has the same fingerprint.
    public func write(to folder: String) throws {
        let target = folder + "/text"
        try Folder.create(target)
        for name in ["config.json", "model.safetensors"] {
            try AtomicFile.write(try AtomicFile.read(self.folder + "/" + name), to: target + "/" + name)
        }
        try tokenizer.save(to: target + "/tokenizer.json")
    }

    public func configuration(_ condition: ConfigurationValue) -> ConfigurationValue {
        condition.setting("encoder", .reference(to: "text", fingerprint, at: condition.place))
    }
}
