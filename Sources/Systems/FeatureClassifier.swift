import Media
import Networks
import Tensors

/// A small classifier of pictures or sounds, trained for what it sees rather than for its answers: perceptual losses and distances
/// between sets of them look through it.
///
/// Cross-entropy with label smoothing (Szegedy et al. 2016, arXiv 1512.00567, section 7) over randomly cut, mirrored and tinted
/// pictures, or over spectrograms as they are.
/// Sections: `model {channels, multipliers, blocks, groups, classes}`, where the data's classes are counted when nothing is said, and
/// of sounds `model.sound` as a codec's; `loss {smoothing}`; of pictures `augment {crop, flip, color}`.
public final class FeatureClassifierSystem: Module, FeatureSystem, ClassifyingSystem {
    public static let name = "feature-classifier"
    let network: FeatureNetwork
    public let form: MediaForm
    private let smoothing: Float
    /// Nil of sounds.
    private let augmentation: PictureAugmentation?

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let model = try section.section("model")
        form = try MediaForm(model)
        var configuration = try FeatureNetworkConfiguration(model, of: form)
        configuration.classes = try Self.classes(model, surroundings)
        network = FeatureNetwork(configuration)
        smoothing = try section.section("loss").float("smoothing", default: 0.1, in: 0..<1)
        augmentation = form.isPicture ? try PictureAugmentation(try section.section("augment")) : nil
        super.init()
    }

    /// How many the data name, unless they are given.
    private static func classes(_ model: Section, _ surroundings: Surroundings) throws -> Int {
        let named = model.has("classes") ? nil : try surroundings.classNames().count
        if let named, named < 2 {
            throw model.error(
                "classes", "are not given, and the data do not name them", expected: "data with classes",
                found: "\(named) classes")
        }
        return try model.int("classes", default: named, in: 2...1_000_000)
    }

    public var module: Module { network }
    public var extractor: any FeatureExtractor { network }
    public var classCount: Int { network.configuration.classes }
    public func logits(of x: Tensor) -> Tensor { network(x) }

    public var phases: [Phase] {
        [Phase(name: "classifier", parameters: network.parameters()) { batch, _ in self.loss(batch) }]
    }

    /// Sums over examples: `accuracy`, and `entropy` in nats, the cross-entropy without smoothing.
    public func loss(_ batch: Batch) -> LossReport {
        guard let media = batch.media else { fatalError("\(Self.name): it trains on pictures or sounds") }
        let logits = network(augmentation?(media, at: batch.places.map { $0("augment") }) ?? media)  // [B, classes]
        let labels = Tokens(batch.labels)
        let entropy = crossEntropy(logits, labels)  // [B]
        // A share of the target is spread evenly over all classes.
        let spread = logits.logSoftmax().mean(1)
        let loss = entropy * (1 - smoothing) - spread * smoothing
        let right = zip(logits.argmax(1).values, labels.values).count { $0 == $1 }
        return LossReport(
            loss: loss.mean(), sums: ["accuracy": Tensor(Float(right)), "entropy": entropy.detached().sum()])
    }
}

extension FeatureNetworkConfiguration {
    /// Keys: `channels`, `multipliers`, `blocks`, `groups`.
    init(_ section: Section, of form: MediaForm) throws {
        self.init()
        media = form.isPicture ? 3 : 1
        channels = try section.int("channels", default: channels, in: 1...1024)
        multipliers = try section.ints("multipliers", default: multipliers, in: 1...64)
        guard (1...8).contains(multipliers.count) else {
            throw section.error("multipliers", "are too many or none", expected: "1 to 8", found: "\(multipliers.count)")
        }
        let smallest = 1 << (multipliers.count - 1)
        if case .spectrogram(let mel, let frames) = form, min(mel.settings.bands, frames) < smallest {
            throw section.error(
                "multipliers", "halve the spectrogram too often", expected: "frames and bands from \(smallest) on",
                found: "\(frames) and \(mel.settings.bands)")
        }
        blocks = try section.int("blocks", default: blocks, in: 1...16)
        groups = try section.int("groups", default: groups, in: 1...1024)
    }
}

extension PictureAugmentation {
    init(_ section: Section) throws {
        let crop = try section.range("crop", default: 0.7...1.1, in: 0.05...4)
        self.init(
            crop: Float(crop.lowerBound)...Float(crop.upperBound), flips: try section.bool("flip", default: true),
            color: try section.float("color", default: 0.2, in: 0...1))
    }
}
