import Media
import Networks
import Tensors

/// A frozen published encoder-decoder, BART or T5, with its own tokenizer: what a codec of sentences can stand on.
///
/// A class, so that the walker does not take its network for a part of the model.
final class PretrainedSpeaker {
    let network: any EncoderDecoder
    let special: SpecialTokens
    private let published: PublishedModel
    private let beginning: Int32?

    /// - Parameter folder: `config.json`, `model.safetensors`, and `tokenizer.json` or `vocab.txt`.
    init(_ folder: String) throws {
        let place = folder + "/config.json"
        let parameters: [Parameter]
        switch try JSONField(try JSON.read(place), in: place).field("model_type").string(oneOf: ["bart", "t5"]) {
        case "bart":
            let bart = try BART.load(folder)
            (network, special, parameters) = (bart, bart.configuration.tokens, bart.parameters())
        default:
            let t5 = try T5.load(folder)
            (network, special, parameters) = (t5, t5.configuration.tokens, t5.parameters())
        }
        for p in parameters { p.isFrozen = true }
        published = try PublishedModel(folder, vocabulary: network.vocabulary)
        // What the tokenizer puts around a text of nothing.
        let marks = published.tokenizer.encode("", wrapped: true, limit: nil)
        guard (1...2).contains(marks.count), special.ends.contains(marks[marks.count - 1]) else {
            throw InputError(
                "does not end a text as the network wants it", at: folder + "/tokenizer.json",
                expected: "a beginning or none, then token \(special.ends)", found: "\(marks)")
        }
        beginning = marks.count == 2 ? marks[0] : nil
    }

    /// Section `network {from}`; in a model directory also the `fingerprint`.
    convenience init(_ section: Section) throws {
        try self.init(try section.path("from"))
        try published.check(section)
    }

    /// Sentences of so many tokens, marks among them, as the network knows them.
    func form(length: Int) -> TextForm {
        TextForm(published.tokenizer, length: length, beginning: beginning, end: special.ends[0], padding: special.padding)
    }

    func write(to folder: String) throws { try published.write(to: folder) }

    func configuration(_ codec: ConfigurationValue) -> ConfigurationValue { published.configuration(codec, as: "network") }
}
