import Diffusion
import Networks
import Tensors

/// Turns captions into what a denoiser listens to.
///
/// A reader that is a `Module` learns and is stored with the model that holds it. One that is not is frozen, its files lying under
/// `text/` alone, or reads with a part that the model holds elsewhere: the model's walker does not see its parameters.
public protocol TextReader: AnyObject {
    /// D of the states.
    var width: Int { get }
    /// L of the states: longer captions are cut, shorter ones padded.
    var length: Int { get }
    func tokens(_ captions: [String]) -> CaptionTokens
    /// Tokens of a caption as long as it is, before it is cut.
    func tokenCount(_ caption: String) -> Int
    /// Token ids are below this.
    var vocabulary: Int { get }
    /// States `[B, L, D]`, pooled `[B, D]` and mask `[B, L]`.
    func read(_ tokens: CaptionTokens) -> EncodedText
    /// Writes what it needs besides the model's own weights into `text/` of a model directory.
    func write(to folder: String) throws
    /// The section `condition` as the model directory's `config.json` states it.
    func configuration(_ condition: ConfigurationValue) -> ConfigurationValue
}

extension TextReader {
    /// What a denoiser is told; an empty caption also has a word to read.
    public func callAsFunction(_ captions: [String]) -> Condition {
        let text = read(tokens(captions))
        return Condition(.text, states: text.states, pooled: text.pooled, mask: text.mask)
    }

    public func configuration(_ condition: ConfigurationValue) -> ConfigurationValue { condition }
}

/// Captions as token ids of one length.
public struct CaptionTokens: Sendable {
    /// `[B, L]`.
    public let ids: Tokens
    /// `[B, L]`, 1 where there is a word.
    public let mask: Tensor

    /// Ids `[B, L]` where 0 is padding.
    public init(_ ids: Tokens) {
        self.ids = ids
        mask = Tensor(ids.values.map { $0 == 0 ? 0 : 1 }, ids.shape)
    }

    init(_ captions: [[Int32]], length: Int, padding: Int32) {
        var ids: [Int32] = []
        var mask: [Float] = []
        for words in captions {
            require(words.count <= length, "CaptionTokens: \(words.count) words for a length of \(length)")
            let rest = length - words.count
            ids += words + [Int32](repeating: padding, count: rest)
            mask += [Float](repeating: 1, count: words.count) + [Float](repeating: 0, count: rest)
        }
        self.ids = Tokens(ids, [captions.count, length])
        self.mask = Tensor(mask, [captions.count, length])
    }
}

/// The readers that a section `condition` of kind `text` can ask for.
enum TextReaders {
    /// `encoder {from}` names a published encoder, frozen; without it a small one learns with the model.
    static func reader(_ section: Section, _ surroundings: Surroundings) throws -> any TextReader {
        try section.optionalSection("encoder").map { try PretrainedReader($0, of: section) }
            ?? CaptionReader(section, surroundings)
    }
}
