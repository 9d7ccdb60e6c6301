import Foundation
import Media
import Metrics
import Networks
import Systems
import Tensors
import Training

/// The network through which sets of pictures or sounds are compared. Its name and fingerprint belong to every number made with it.
struct FeatureView {
    /// The network that ships; nil of what none ships for.
    static func standard(_ medium: Medium) -> String? {
        switch medium {
        case .picture: "emoji-features"
        case .sound: "soundscapes-features"
        case .point, .text: nil
        }
    }

    let source: any FeatureSource
    /// Name and fingerprint.
    let label: String

    /// - Parameter name: a model directory, the name of a shipped one, or a folder with converted weights of VGG16, VGGish or Melception.
    init(_ name: String) throws {
        let folder = try Assets.model(name)
        let fingerprint: String
        if Folder.exists(folder), !Folder.exists(folder + "/config.json") {
            let weights = try ConvertedWeights(
                folder, wanted: "a model directory, or weights of VGG16, VGGish or Melception in .safetensors")
            if weights.has("embeddings.0.weight") {
                source = VGGishSource(try VGGish(weights))
            } else if weights.has("Conv2d_1a_3x3.conv.weight") {
                source = MelceptionSource(try Melception(weights))
            } else {
                source = VGGFeatureSource(network: try VGGFeatures(weights))
            }
            fingerprint = try weights.fingerprint()
        } else {
            let loaded = try ModelDirectory.load(folder)
            guard let system = loaded.system as? any FeatureSystem else {
                throw InputError(
                    "this model is no feature network", at: "--features \(name)",
                    expected: "a model directory of a feature network", found: type(of: loaded.system).name)
            }
            source = TrainedFeatures(system: system)
            fingerprint = loaded.fingerprint
        }
        label = "\(URL(fileURLWithPath: folder).standardizedFileURL.lastPathComponent) \(fingerprint.prefix(12))"
    }

    /// The named network, or the one that ships for a medium.
    init(_ name: String?, for medium: Medium) throws {
        guard let name = name ?? Self.standard(medium) else {
            throw InputError(
                "no network looks at what the model makes", at: "--metrics", expected: "a model of pictures or sounds")
        }
        try self.init(name)
        guard source.medium == medium else {
            throw InputError(
                "looks at something else", at: "--features \(name)", expected: "a network for \(medium)s",
                found: "one for \(source.medium)s")
        }
    }

    /// A few at a time.
    ///
    /// - Parameter answering: whether the network is to say what it takes them for.
    func seen(_ examples: [Example], answering: Bool = false) throws -> SeenExamples {
        let parts = try withoutGradients {
            try pieces(examples.count, of: 32).map { try source.seen(in: Array(examples[$0]), answering: answering) }
        }
        let vectors = concatenated(parts.map(\.vectors), axis: 0)
        guard vectors.square().sum().scalar.isFinite else { throw WorkError("\(label): features are not finite") }
        let logits = parts.compactMap(\.logits)
        return SeenExamples(vectors: vectors, logits: logits.isEmpty ? nil : concatenated(logits, axis: 0))
    }

    /// Pictures of one size to `[N, F]`.
    func vectors(_ pictures: [Picture]) throws -> Tensor {
        try seen(pictures.map { Example(picture: $0, name: "") }).vectors
    }

    /// Of normal distributions with the means and covariances of two sets `[N, F]`, `[M, F]`.
    static func distance(_ a: Tensor, _ b: Tensor) -> Double {
        func statistics(_ x: Tensor) -> FeatureStatistics {
            var all = FeatureStatistics(width: x.shape[1])
            all.add(x)
            return all
        }
        return frechetDistance(statistics(a), statistics(b))
    }
}

/// Features of originals and of what a codec makes of them, as they come: unlike PSNR they see whether a picture is sharp.
struct SeenPairs {
    private let extractor: any FeatureExtractor
    private let label: String
    private var originals: [Tensor] = []
    private var decoded: [Tensor] = []

    /// Nil where no network is named and none ships, or it does not take in what the codec does.
    init?(_ network: String?, _ codec: any Codec, _ form: MediaForm) throws {
        guard let name = network ?? FeatureView.standard(form.medium), network != nil || (try? Assets.model(name)) != nil else {
            return nil
        }
        let view = try FeatureView(name, for: form.medium)
        guard let system = (view.source as? TrainedFeatures)?.system else { return nil }
        if case .spectrogram(let mel, _) = form {
            guard case .spectrogram(let own, _) = system.form, own.settings == mel.settings else { return nil }
        }
        (extractor, label) = (system.extractor, view.label)
        let shape = codec.mediaShape
        guard shape[2] == extractor.mediaChannels, min(shape[0], shape[1]) >= extractor.smallestSide else { return nil }
    }

    /// Both `[B, H, W, C]`.
    mutating func add(_ x: Tensor, _ y: Tensor) {
        withoutGradients {
            originals.append(extractor.vectors(of: x))
            decoded.append(extractor.vectors(of: y))
        }
    }

    var result: Evaluation.Result {
        let value = FeatureView.distance(concatenated(originals, axis: 0), concatenated(decoded, axis: 0))
        return Evaluation.Result(
            name: "feature-frechet", value: value,
            text: "\(fixed(value, decimals: 4)) between originals and reconstructions, seen by \(label)")
    }
}
