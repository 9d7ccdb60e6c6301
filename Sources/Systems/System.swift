import Codecs
import Diffusion
import Media
import Networks
import Tensors

/// A published system: which parts, which defaults, and the trick that is its own.
///
/// It is built from its sections of an experiment file, or from the `config.json` of a model directory, by the same initialiser.
public protocol System: Trainable {
    /// The word after `system:` in experiment files.
    static var name: String { get }
    init(_ section: Section, _ surroundings: Surroundings) throws
    /// What a model directory holds; the rest of `module` is needed for training alone.
    var model: Module { get }
    /// Writes what a model directory needs besides `config.json` and `model.safetensors`: `codec/`, `text/`, ...
    func writeParts(to folder: String) throws
    /// What it takes in of an example.
    var form: MediaForm { get }
    /// Changes that turn the resolved experiment into a self-contained `config.json`.
    func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue
}

extension System {
    public var model: Module { module }
    public var form: MediaForm { .picture }
    public func writeParts(to folder: String) throws {}
    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue { resolved }
}

/// What a system may look at while it is built.
public struct Surroundings {
    /// The model directory, when one is being loaded.
    public var folder: String?
    /// The model directory that training starts from and whose words it goes on with.
    public var vocabulary: String?
    /// Words that are made already, of a system whose parts share them.
    public var words: (any PipelineTokenizer)?
    /// Captions of the training data, for making a vocabulary.
    public var captions: () throws -> [String]
    /// Names of the training data's classes; empty where they have none.
    public var classNames: () throws -> [String]

    public init(
        folder: String? = nil, vocabulary: String? = nil, captions: @escaping () throws -> [String] = { [] },
        classNames: @escaping () throws -> [String] = { [] }
    ) {
        self.folder = folder
        self.vocabulary = vocabulary
        self.captions = captions
        self.classNames = classNames
    }
}

/// A system that turns media into latents and back.
public protocol CodecSystem: System {
    var codec: any Codec { get }
    /// Called once after training with media `[B, H, W, C]`: fits what is measured, not learned.
    func finish(over batches: some Sequence<Tensor>)
}

extension CodecSystem {
    public func finish(over batches: some Sequence<Tensor>) {}
}

/// A system that works in the latents of a frozen codec.
public protocol LatentSystem: System {
    var frozenCodec: any Codec { get }
    var codecFingerprint: String { get }
}

/// A system that looks at pictures or spectrograms.
public protocol FeatureSystem: System { var extractor: any FeatureExtractor { get } }

/// A system that makes spectrograms audible.
public protocol VocoderSystem: System { var vocoder: any Vocoder { get } }

/// A system that sorts pictures or sounds into classes.
public protocol ClassifyingSystem: System {
    var classCount: Int { get }
    /// x: media of its form, `[B, H, W, C]` in [-1, 1]; returns `[B, classCount]`.
    func logits(of x: Tensor) -> Tensor
}

/// A system that says how well media and captions fit.
public protocol MatchingSystem: System {
    /// `[B, D]` of length 1, of media `[B, H, W, C]` of its form.
    func seen(_ media: Tensor) -> Tensor
    /// `[B, D]` of length 1.
    func read(_ captions: [String]) -> Tensor
}

extension MatchingSystem {
    /// media: `[B, H, W, C]` of its form; returns cosines `[B, captions]`.
    public func match(_ media: Tensor, _ captions: [String]) -> Tensor {
        withoutGradients { matmul(seen(media), read(captions).transposed()) }
    }
}

/// A system that makes new things.
public protocol GenerativeSystem: System {
    /// Draws `request.seeds` for each prompt, prompt by prompt; each sample is handed over as soon as it is decoded.
    func sample(_ request: SampleRequest, deliver: (Sample) throws -> Void) throws
    /// What sampling does when the request says nothing.
    var sampling: SamplingDefaults { get }
    /// What its samples are.
    var medium: Medium { get }
    /// Side in pixels of the square pictures that it is told; nil where it is told none.
    var toldSide: Int? { get }
}

extension GenerativeSystem {
    public var medium: Medium { .picture }
    public var toldSide: Int? { nil }
}

/// What a sample is, which decides the files it is kept in.
public enum Medium: Sendable {
    case picture
    /// Made audible from a spectrogram.
    case sound
    case text
    /// A small vector; many are drawn together as a scatter plot.
    case point
}

extension MediaForm {
    /// What media of this form are to a person.
    public var medium: Medium {
        switch self {
        case .picture: .picture
        case .spectrogram, .signal: .sound
        case .text: .text
        }
    }
}

/// How a model samples by default; stored in its `config.json` under `sample`.
public struct SamplingDefaults: Sendable, Equatable {
    public var sampler: String
    public var steps: Int
    public var guidance: Double
}

/// What to draw.
public struct SampleRequest {
    /// Captions, or empty for one unconditional prompt.
    public var prompts: [String] = []
    /// The prompts are sentences to be made into others, which models of other media do not do.
    public var rewrites = false
    /// What each prompt is, for models that are told pictures, and what a person calls it.
    public var pictures: [(name: String, picture: Picture)] = []
    /// Sentences with blanks, `___`, for models that fill them.
    public var infills: [String] = []
    /// Class of each prompt, for class-conditional models.
    public var classes: [Int] = []
    /// Draws the first seed for the first prompt or class only, the second for the second, and so on, instead of every seed for each.
    public var pairsSeeds = false
    /// Withheld from instead of nothing, in guidance.
    public var negative: String?
    public var seeds: [UInt64] = [0]
    /// Samples computed together; changes no byte.
    public var batch = 8
    public var sampler: String?
    public var steps: Int?
    public var spacing: Spacing?
    public var guidance: Double?
    public var eta: Double?
    /// Of models of tokens: the likeliest codes that together hold this share of the chances are drawn from.
    public var truncation: Double?
    /// Of models of tokens: logits are divided by it.
    public var temperature: Double?
    /// So many are made of which the best is kept, by models that choose; the model's own number when nil.
    public var candidates: Int?
    /// Start from this, with `strength` of the way left to go.
    public var start: SampleStart?
    public var strength = 0.6
    /// What of the start may change, all of the way.
    public var free: FreePart?
    /// Pixels of the result, where it shall be larger than what the model was trained on.
    public var size: PictureSize?
    /// Length of the result, where it shall be longer than what the model was trained on.
    public var seconds: Double?
    /// Sees what becomes of the samples, at some of the steps.
    public var film: Film?

    public init() {}
}

/// Sides in pixels, written `96x64`.
public struct PictureSize: Sendable, CustomStringConvertible {
    public let width, height: Int

    public init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

    public var description: String { "\(width)x\(height)" }
}

/// One drawn thing.
public struct Sample {
    public var promptIndex: Int
    public var prompt: String?
    public var seed: UInt64
    public var picture: Picture?
    public var sound: Sound?
    public var text: String?
    /// Log-mel values in 0...1 that the sound was made of: `[frames, bands]`.
    public var spectrogram: Tensor?
    /// `[points, D]`, of systems whose medium is the point.
    public var points: Tensor?

    /// What there is to look at: the picture, or a sound's spectrogram.
    public var shown: Picture? {
        picture
            ?? spectrogram.map { values in
                let media = values.reshaped([1] + values.shape + [1]) * 2 - 1
                return MediaForm.seen(spectrograms: media)[0]
            }
    }
}
