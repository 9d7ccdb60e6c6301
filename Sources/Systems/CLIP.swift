import Glibc
import Media
import Networks
import Tensors

/// Sentences and what they speak of in one space: how well a picture or a sound fits a caption (CLIP, Radford et al. 2021,
/// arXiv 2103.00020; of sounds CLAP, Wu et al. 2022, arXiv 2211.06687). A generator's candidates are chosen by it.
///
/// Sections: `condition` of kind `text` for the captions; `model {width, channels, multipliers, blocks, groups}`, D of the space and the
/// sizes of a residual network, and of sounds `model.sound` as a codec's. Captions are each other's wrong answers, those that are seen
/// together: `train.microbatch` says how many.
public final class CLIPSystem: Module, MatchingSystem {
    public static let name = "clip"
    let network: FeatureNetwork
    let reader: any TextReader
    let projection: Linear
    /// Logarithm of what cosines are multiplied by: [1].
    let sharpness: Parameter
    public let form: MediaForm

    /// Of what cosines are multiplied by (section 2.3 of the paper).
    private static let (first, most) = (Float(1 / 0.07), Float(100))

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let model = try section.section("model")
        form = try MediaForm(model)
        var c = try FeatureNetworkConfiguration(model, of: form)
        c.classes = try model.int("width", default: 128, in: 2...8192)
        network = FeatureNetwork(c)
        let condition = try section.section("condition")
        _ = try condition.choice("kind", among: ["text"], default: "text")
        reader = try TextReaders.reader(condition, surroundings)
        projection = Linear(reader.width, c.classes, bias: false)
        sharpness = Parameter([1], .constant(log(Self.first)), decays: false)
        super.init()
    }

    public var module: Module { self }
    public var phases: [Phase] { [Phase(name: "both", parameters: parameters()) { batch, _ in self.loss(batch) }] }

    public func seen(_ media: Tensor) -> Tensor { Self.unit(network(media)) }

    public func read(_ captions: [String]) -> Tensor { Self.unit(projection(reader(captions).pooled!).cast(to: .f32)) }

    private static func unit(_ x: Tensor) -> Tensor { x / (x.square().sum(1, keep: true) + 1e-12).sqrt() }

    /// Each caption's medium is to be found among the batch's, and each medium's caption. Sums over examples: `accuracy`, of captions
    /// that are found.
    public func loss(_ batch: Batch) -> LossReport {
        guard let media = batch.media else { fatalError("\(Self.name): it trains on pictures or sounds") }
        let scale = sharpness.value.clamped(-.greatestFiniteMagnitude, log(Self.most)).exp()
        let logits = matmul(seen(media), read(batch.captions).transposed()) * scale  // media by captions
        let own = Tokens(Array(0..<batch.captions.count))
        let loss = (crossEntropy(logits, own) + crossEntropy(logits.transposed().contiguous(), own)) * 0.5
        let right = zip(logits.argmax(1).values, own.values).count { $0 == $1 }
        return LossReport(loss: loss.mean(), sums: ["accuracy": Tensor(Float(right))])
    }

    public func writeParts(to folder: String) throws { try reader.write(to: folder) }

    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        guard let condition = resolved["condition"] else { return resolved }
        return resolved.setting("condition", reader.configuration(condition))
    }
}
