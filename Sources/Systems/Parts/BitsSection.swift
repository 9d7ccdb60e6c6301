import Codecs
import Media
import Tensors

/// `codec {kind: bits, of, code, scale, ...}`: of `pictures` with 8 bits a channel `{width, height, channels}`, of `sentences` tokens
/// `{vocabulary, length}` of a tokenizer that is made of the data's.
struct BitsSection: CustomStringConvertible {
    /// Where in a model directory the words lie.
    static let folder = "/codec"

    let codec: AnalogBits
    let form: MediaForm
    let tokenizer: (any PipelineTokenizer)?

    init(_ section: Section, _ surroundings: Surroundings) throws {
        let code: AnalogBits.Code = try section.choice("code", default: .binary)
        let scale = try section.float("scale", default: 1, in: 1e-3...1e3)
        guard try section.choice("of", among: ["pictures", "sentences"], default: "pictures") == "sentences" else {
            let height = try section.int("height", default: 32, in: 1...4096)
            let width = try section.int("width", default: 32, in: 1...4096)
            codec = AnalogBits(
                [height, width, try section.int("channels", default: 3, in: 1...4)], values: .levels(256), code: code,
                scale: scale)
            (form, tokenizer) = (.picture, nil)
            return
        }
        let vocabulary = try section.int("vocabulary", default: 512, in: 260...65_536)
        let length = try section.int("length", default: 32, in: 2...4096)
        var own = surroundings
        own.folder = surroundings.folder.map { $0 + Self.folder }
        own.vocabulary = surroundings.vocabulary.map { $0 + Self.folder }
        let tokenizer = try ModelTokenizer.make(vocabulary: vocabulary, own)
        let text = TextForm(tokenizer, length: length, end: ModelTokenizer.end)
        codec = AnalogBits([length, 1, 1], values: .whole(tokenizer.vocabularySize), code: code, scale: scale)
        (form, self.tokenizer) = (.text(text), tokenizer)
    }

    var description: String {
        "bits, \(codec.mediaShape) of \(codec.values.count) by \(codec.code), \(codec.scale)"
            + (tokenizer.map { " " + SHA256.hex($0.definition.encodedBytes(pretty: true)) } ?? "")
    }
}
