import Tensors

/// Convolutions of 3 x 3 with ReLU at one resolution, `features.N` of a converted VGG; channel counts are the file's.
struct VGGStage {
    private let layers: [(weight: Tensor, bias: Tensor)]

    /// Channels of what it hands on.
    var width: Int { layers[layers.count - 1].bias.count }

    /// - Parameters:
    ///   - numbers: of the convolutions in `features`, stage by stage.
    ///   - channels: that the first one takes in.
    static func all(_ weights: ConvertedWeights, _ numbers: [[Int]], channels: Int) throws -> [VGGStage] {
        var channels = channels
        return try numbers.map { stage in
            VGGStage(
                layers: try stage.map { number in
                    let weight = try weights.kernel("features.\(number).weight", nil, channels, 3, 3)
                    channels = weight.shape[0]
                    return (weight, try weights.tensor("features.\(number).bias", [channels]))
                })
        }
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        layers.reduce(x) { convolution($0, weight: $1.weight, bias: $1.bias, padding: Padding(1)).relu() }
    }
}
