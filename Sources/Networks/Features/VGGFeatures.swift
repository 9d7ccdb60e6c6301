import Tensors

/// The convolutions of VGG16 with ReLU, read from converted weights: what LPIPS looks through (Simonyan & Zisserman 2015, arXiv
/// 1409.1556; Zhang et al. 2018, arXiv 1801.03924).
///
/// Names are torchvision's, `features.0.weight` to `features.28.bias`; channel counts are the file's. LPIPS' own weights of
/// channels, `lin0.model.1.weight` to `lin4.model.1.weight`, may lie beside them, in the same file or another of the folder.
public final class VGGFeatures: FeatureExtractor {
    /// Numbers of the convolutions in torchvision's `features`, stage by stage; a stage but the first begins by halving.
    private static let numbers = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]
    // The network is told colours as LPIPS' scaling layer puts them.
    private let shift = Tensor([-0.030, -0.088, -0.188], [3])
    private let scale = Tensor([0.458, 0.448, 0.450], [3])
    private let stages: [VGGStage]
    /// LPIPS' weights of the channels, `[C]` for each map; empty where the files have none.
    public let channelWeights: [Tensor]

    public init(_ weights: ConvertedWeights) throws {
        stages = try VGGStage.all(weights, Self.numbers, channels: 3)
        let isWeighted = weights.names.contains { $0.hasPrefix("lin") }
        channelWeights = try (isWeighted ? stages : []).enumerated().map { i, stage in
            try weights.tensor("lin\(i).model.1.weight", [1, stage.width, 1, 1]).reshaped([stage.width])
        }
    }

    /// Reads every `.safetensors` of a folder.
    public convenience init(_ folder: String) throws {
        try self.init(ConvertedWeights(folder, wanted: "a model directory, or weights of VGG16 in .safetensors"))
    }

    /// Four halvings leave one position.
    public var smallestSide: Int { 1 << (Self.numbers.count - 1) }

    /// What each stage ends with, `[B, H / 2^i, W / 2^i, C]`, rounded down.
    public func maps(of x: Tensor) -> [Tensor] {
        var maps: [Tensor] = []
        for stage in stages {
            maps.append(stage(maps.last.map { maxPooled($0, size: 2, stride: 2) } ?? (x - shift) / scale))
        }
        return maps
    }

    /// The mean of the last map over its positions.
    public func vectors(of x: Tensor) -> Tensor { maps(of: x)[stages.count - 1].cast(to: .f32).mean([1, 2]) }
}
