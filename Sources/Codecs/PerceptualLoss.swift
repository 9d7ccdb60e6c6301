import Networks
import Tensors

/// How far two pictures or spectrograms are apart to a frozen network: maps are put on the unit sphere position by position, squared differences
/// are summed over channels and averaged over positions (LPIPS; Zhang et al. 2018, arXiv 1801.03924, equation 1).
///
/// A class, so that the walker does not take the frozen network for a part of the codec.
public final class PerceptualLoss {
    private let extractor: any FeatureExtractor
    private let channelWeights: [Tensor]

    /// - Parameter channelWeights: learned importance of the channels, `[C]` for each map; all the same when empty.
    public init(_ extractor: any FeatureExtractor, channelWeights: [Tensor] = []) {
        self.extractor = extractor
        self.channelWeights = channelWeights
    }

    /// Gradients flow to `decoded` alone.
    ///
    ///     decoded, original: [B, H, W, C] in [-1, 1]
    ///     returns [B]
    public func callAsFunction(_ decoded: Tensor, _ original: Tensor) -> Tensor {
        let (ours, theirs) = withConstantParameters { (extractor.maps(of: decoded), extractor.maps(of: original.detached())) }
        require(
            channelWeights.isEmpty || channelWeights.count == ours.count,
            "PerceptualLoss: \(channelWeights.count) weights for \(ours.count) maps")
        let terms = ours.indices.map { i in
            var difference = (unit(ours[i]) - unit(theirs[i])).square()  // [B, h, w, C]
            if !channelWeights.isEmpty { difference = difference * channelWeights[i] }
            return difference.sum(-1).mean([1, 2])
        }
        return terms.dropFirst().reduce(terms[0], +)
    }

    /// The small number stands under the root: where nothing was seen, the gradient of a root of 0 has no value.
    private func unit(_ x: Tensor) -> Tensor {
        let x = x.cast(to: .f32)
        return x * (x.square().sum([-1], keep: true) + 1e-10).rsqrt()
    }
}
