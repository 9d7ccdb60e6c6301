import Foundation
import Media
import Metrics
import Networks
import Systems
import Tensors

/// The network through which sets of pictures are compared. Its name and fingerprint belong to every number made with it.
struct FeatureView {
    /// The network that ships.
    static let standard = "emoji-features"

    let extractor: any FeatureExtractor
    /// Name and fingerprint.
    let label: String

    /// - Parameter name: a model directory, or the name of a shipped one.
    init(_ name: String) throws {
        let folder = try Assets.model(name)
        let loaded = try ModelDirectory.load(folder)
        guard let system = loaded.system as? any FeatureSystem else {
            throw InputError(
                "this model does not look at pictures", at: "--features \(name)",
                expected: "a model directory of a feature network", found: type(of: loaded.system).name)
        }
        extractor = system.extractor
        label = "\(URL(fileURLWithPath: folder).standardizedFileURL.lastPathComponent) \(loaded.fingerprint.prefix(12))"
    }

    /// The shipped network, nil where no assets are.
    static func shipped() throws -> FeatureView? {
        (try? Assets.model(standard)) == nil ? nil : try FeatureView(standard)
    }

    /// Pictures of one size to `[N, F]`, a few at a time.
    func vectors(_ pictures: [Picture]) throws -> Tensor {
        let parts = withoutGradients {
            pieces(pictures.count, of: 32).map { extractor.vectors(of: Tensor(pictures[$0].map(\.rgb))) }
        }
        let vectors = concatenated(parts, axis: 0)
        guard vectors.square().sum().scalar.isFinite else { throw WorkError("\(label): features are not finite") }
        return vectors
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
    private let view: FeatureView
    private var originals: [Tensor] = []
    private var decoded: [Tensor] = []

    /// Nil where no network is named and none ships, or it takes no pictures of the codec's.
    init?(_ network: String?, _ codec: any Codec) throws {
        guard let view = try network.map(FeatureView.init) ?? FeatureView.shipped() else { return nil }
        let shape = codec.mediaShape
        guard shape[2] == 3, min(shape[0], shape[1]) >= view.extractor.smallestSide else { return nil }
        self.view = view
    }

    /// Both `[B, H, W, 3]`.
    mutating func add(_ x: Tensor, _ y: Tensor) {
        withoutGradients {
            originals.append(view.extractor.vectors(of: x))
            decoded.append(view.extractor.vectors(of: y))
        }
    }

    var result: Evaluation.Result {
        let value = FeatureView.distance(concatenated(originals, axis: 0), concatenated(decoded, axis: 0))
        return Evaluation.Result(
            name: "feature-frechet", value: value,
            text: "\(fixed(value, decimals: 4)) between originals and reconstructions, seen by \(view.label)")
    }
}
