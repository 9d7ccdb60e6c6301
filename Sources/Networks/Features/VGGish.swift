import Tensors

/// VGGish (Hershey et al. 2017, arXiv 1609.09430), from converted weights: what the Fréchet audio distance looks through (Kilgour et al.
/// 2019, arXiv 1812.08466).
///
/// Names are those of the PyTorch port, `features.0.weight` to `embeddings.4.bias`; channel counts are the file's. Without the port's
/// whitening and rounding to bytes, as the distance is defined.
///
///     x: [P, 96, 64, 1], log-mel patches of `VGGishPatches`
///     returns [P, 128]
public final class VGGish {
    /// Numbers of the convolutions in `features`, stage by stage; every stage ends by halving.
    private static let numbers = [[0], [3], [6, 8], [11, 13]]
    /// Frames and bands of a patch.
    public static let patch = (frames: 96, bands: 64)
    private let stages: [VGGStage]
    /// `[in, out]` and `[out]`.
    private let layers: [(weight: Tensor, bias: Tensor)]

    public init(_ weights: ConvertedWeights) throws {
        stages = try VGGStage.all(weights, Self.numbers, channels: 1)
        let (halvings, channels) = (stages.count, stages[stages.count - 1].width)
        var width = (Self.patch.frames >> halvings) * (Self.patch.bands >> halvings) * channels
        layers = try [0, 2, 4].map { number in
            let weight = try weights.tensor("embeddings.\(number).weight", [nil, width])
            width = weight.shape[0]
            return (weight.transposed().contiguous(), try weights.tensor("embeddings.\(number).bias", [width]))
        }
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        require(
            Array(x.shape.dropFirst()) == [Self.patch.frames, Self.patch.bands, 1], "VGGish: patches \(x.shape)")
        let maps = stages.reduce(x) { maxPooled($1($0), size: 2, stride: 2) }
        return layers.reduce(maps.cast(to: .f32).reshaped([x.shape[0], -1])) { (matmul($0, $1.weight) + $1.bias).relu() }
    }
}
