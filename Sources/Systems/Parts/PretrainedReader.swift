import Diffusion
import Networks
import Tensors

/// The frozen reader: a published BERT-family encoder with its own tokenizer. What it says of a caption never changes.
public final class PretrainedReader: TextReader {
    public let length: Int
    private let encoder: BERTEncoder
    private let published: PublishedModel

    public var width: Int { encoder.configuration.width }
    /// Hash of the three files that the encoder is.
    public var fingerprint: String { published.fingerprint }

    /// - Parameters:
    ///   - folder: `config.json`, `model.safetensors`, and `tokenizer.json` or `vocab.txt`.
    ///   - length: tokens of a caption, with the marks at its ends.
    public init(_ folder: String, length: Int) throws {
        self.length = length
        encoder = try BERTEncoder.load(folder)
        for p in encoder.parameters() { p.isFrozen = true }
        let c = encoder.configuration
        published = try PublishedModel(folder, vocabulary: c.vocabulary)
        guard (2...max(2, c.positions)).contains(length) else {
            throw InputError(
                "the encoder does not read so many tokens", at: folder, expected: "a length from 2 to \(c.positions)",
                found: "\(length)")
        }
    }

    /// Sections `condition {length}` and `encoder {from}`; in a model directory also the `fingerprint` of the encoder
    /// that the model learned with.
    convenience init(_ section: Section, of condition: Section) throws {
        let folder = try section.path("from")
        let positions = max(2, try BERTConfiguration(folder: folder).positions)
        try self.init(folder, length: try condition.int("length", default: min(32, positions), in: 2...positions))
        try published.check(section)
    }

    public func tokens(_ captions: [String]) -> CaptionTokens {
        let tokenizer = published.tokenizer
        return CaptionTokens(
            captions.map { tokenizer.encode($0, wrapped: true, limit: length) }, length: length,
            padding: tokenizer.padding ?? 0)
    }

    public func tokenCount(_ caption: String) -> Int { published.tokenizer.encode(caption, wrapped: true, limit: nil).count }

    public var vocabulary: Int { encoder.configuration.vocabulary }

    public func read(_ tokens: CaptionTokens) -> EncodedText {
        withoutGradients { EncodedText(averaging: encoder(tokens.ids, mask: tokens.mask), mask: tokens.mask) }
    }

    public func write(to folder: String) throws { try published.write(to: folder) }

    public func configuration(_ condition: ConfigurationValue) -> ConfigurationValue {
        published.configuration(condition, as: "encoder")
    }
}
