import Codecs
import Media
import Networks
import Tensors
import Training

/// Sentences to a few continuous latents and back, as latent diffusion for language stands on (Lovelace et al. 2023, arXiv 2212.09462).
///
/// Section `codec`: `vocabulary` of a byte-pair tokenizer made of the data's sentences, `width`, `encoder_depth`, `decoder_depth`,
/// `positions`; or `network {from}`, a published BART or T5 that is kept as it is, as in the paper. With either `length`, `heads`;
/// `latents` `perceiver` with `count`, `latent_width`, `perceiver_depth`, or `states`, one for each token, with a `latent_width` where they
/// are to be narrower than the network and `widen_depth` layers that make them wide again (its `encoder_depth` may then be 0); `noise`, a
/// deviation or `[least, most]`; `decoding {beams, no_repeat, repetition_penalty, shortest}`.
public final class SentenceCodecSystem: Module, CodecSystem {
    public static let name = "sentence-codec"
    let sentences: SentenceCodec
    private let text: TextForm
    private let speaker: PretrainedSpeaker?

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let part = try section.section("codec")
        var c = SentenceCodecConfiguration()
        c.latents = try Self.latents(part)
        speaker = try part.optionalSection("network").map { try PretrainedSpeaker($0) }
        if let speaker {
            let positions = min(4096, speaker.network.longest ?? 4096)
            c.network.length = try part.int("length", default: min(64, positions), in: 4...positions)
            c.network.heads = try part.int("heads", default: 4, in: 1...128)
            guard speaker.network.stateWidth % c.network.heads == 0 else {
                throw part.error(
                    "heads", "does not divide the network's width", expected: "a divisor of \(speaker.network.stateWidth)",
                    found: "\(c.network.heads)")
            }
            c.start = speaker.special.start
            text = speaker.form(length: c.network.length)
        } else {
            let vocabulary = try part.int("vocabulary", default: 2048, in: 260...65_536)
            let tokenizer = try ModelTokenizer.make(vocabulary: vocabulary, surroundings)
            c.network = try Seq2SeqConfiguration(
                part, vocabulary: max(vocabulary, tokenizer.vocabularySize), encoders: c.latents.isNarrow ? 0...96 : 1...96)
            c.start = ModelTokenizer.start
            text = TextForm(tokenizer, length: c.network.length, end: ModelTokenizer.end)
        }
        c.noise = try Self.noise(part)
        c.decoding = try SentenceDecoding(try part.section("decoding"), length: c.network.length)
        sentences = SentenceCodec(c, text, over: speaker?.network)
        super.init()
    }

    private static func latents(_ part: Section) throws -> SentenceCodecConfiguration.Latents {
        func depth(_ key: String) throws -> Int { try part.int(key, default: 2, in: 1...48) }
        guard try part.choice("latents", among: ["perceiver", "states"], default: "perceiver") == "states" else {
            return .perceiver(
                count: try part.int("count", default: 8, in: 1...4096),
                width: try part.int("latent_width", default: 64, in: 1...4096), depth: try depth("perceiver_depth"))
        }
        guard let width = try part.optionalInt("latent_width", in: 1...4096) else { return .states }
        return .narrow(width: width, depth: try depth("widen_depth"))
    }

    /// A deviation, or the least and the most.
    private static func noise(_ part: Section) throws -> ClosedRange<Float> {
        guard case .list? = part.value("noise")?.content else {
            let deviation = try part.float("noise", default: 0, in: 0...10)
            return deviation...deviation
        }
        let range = try part.range("noise", in: 0...10)
        return Float(range.lowerBound)...Float(range.upperBound)
    }

    public var module: Module { sentences }
    public var codec: any Codec { sentences }
    public var form: MediaForm { .text(text) }
    public var phases: [Phase] { sentences.phases }
    public func finish(over batches: some Sequence<Tensor>) { sentences.fitStatistics(over: batches) }

    public func writeParts(to folder: String) throws {
        if let speaker { try speaker.write(to: folder) } else { try ModelTokenizer.write(text.tokenizer, to: folder) }
    }

    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        guard let speaker, let codec = resolved["codec"] else { return resolved }
        return resolved.setting("codec", speaker.configuration(codec))
    }
}

extension SentenceCodecConfiguration.Latents {
    fileprivate var isNarrow: Bool { if case .narrow = self { true } else { false } }
}

extension SentenceDecoding {
    /// Keys: `beams`, `no_repeat`, `repetition_penalty`, `shortest`.
    init(_ section: Section, length: Int) throws {
        self.init()
        beams = try section.int("beams", default: beams, in: 1...256)
        noRepeat = try section.int("no_repeat", default: noRepeat, in: 0...length)
        repetitionPenalty = try section.number("repetition_penalty", default: repetitionPenalty, in: 0.1...100)
        shortest = try section.int("shortest", default: shortest, in: 0...length - 1)
    }
}

extension Seq2SeqConfiguration {
    /// Keys: `length`, `width`, `heads`, `encoder_depth`, `decoder_depth`, `positions`.
    ///
    /// - Parameters:
    ///   - encodes: false for a language model, which has no encoder.
    ///   - encoders: what `encoder_depth` may be.
    init(_ section: Section, vocabulary: Int, encodes: Bool = true, encoders: ClosedRange<Int> = 1...96) throws {
        self.init()
        self.vocabulary = vocabulary
        length = try section.int("length", default: 32, in: 2...4096)
        width = try section.int("width", default: 128, in: 8...8192)
        heads = try section.int("heads", default: 4, in: 1...128)
        encoderDepth = encodes ? try section.int("encoder_depth", default: 3, in: encoders) : 0
        hearing = encodes ? .attention : .sum
        decoderDepth = try section.int("decoder_depth", default: 3, in: 1...96)
        positions = try section.choice("positions", default: .learned)
        guard width % heads == 0 else {
            throw section.error("heads", "does not divide the width", expected: "a divisor of \(width)", found: "\(heads)")
        }
    }
}
