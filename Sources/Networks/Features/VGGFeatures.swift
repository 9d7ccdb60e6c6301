import Foundation
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
    /// `[out, 3, 3, in]` and `[out]`.
    private let stages: [[(weight: Tensor, bias: Tensor)]]
    /// LPIPS' weights of the channels, `[C]` for each map; empty where the files have none.
    public let channelWeights: [Tensor]

    /// Reads every `.safetensors` of a folder.
    public init(_ folder: String) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let files = try names.filter { $0.hasSuffix(".safetensors") }.sorted().map { try SafetensorsFile(folder + "/" + $0) }
        guard !files.isEmpty else {
            throw InputError("holds no network", at: folder, expected: "a model directory, or weights of VGG16 in .safetensors")
        }
        func tensor(_ name: String, _ shape: [Int?]) throws -> Tensor? {
            guard let file = files.first(where: { $0[name] != nil }), let entry = file[name] else { return nil }
            let fits = zip(entry.shape, shape).allSatisfy { $0 > 0 && $0 == $1 ?? $0 }
            guard fits, entry.shape.count == shape.count else {
                let wanted = shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
                throw InputError(
                    "tensor \(name) has another shape", at: file.path, expected: "[\(wanted)]", found: "\(entry.shape)")
            }
            return try file.tensor(entry)
        }
        func needed(_ name: String, _ shape: [Int?]) throws -> Tensor {
            if let found = try tensor(name, shape) { return found }
            let near = nearestName(to: name, among: files.flatMap(\.entries).map(\.name))
            throw InputError("tensor \(name) is missing", at: folder, hint: near.map { "there is \($0)" })
        }
        var channels = 3
        stages = try Self.numbers.map { stage in
            try stage.map { number in
                let weight = try needed("features.\(number).weight", [nil, channels, 3, 3])
                channels = weight.shape[0]
                let bias = try needed("features.\(number).bias", [channels])
                return (weight.permuted([0, 2, 3, 1]).contiguous(), bias)
            }
        }
        let isWeighted = files.contains { file in file.entries.contains { $0.name.hasPrefix("lin") } }
        channelWeights = try (isWeighted ? stages : []).enumerated().map { i, stage in
            let count = stage[stage.count - 1].bias.count
            return try needed("lin\(i).model.1.weight", [1, count, 1, 1]).reshaped([count])
        }
    }

    /// Four halvings leave one position.
    public var smallestSide: Int { 1 << (Self.numbers.count - 1) }

    /// What each stage ends with, `[B, H / 2^i, W / 2^i, C]`, rounded down.
    public func maps(of x: Tensor) -> [Tensor] {
        var maps: [Tensor] = []
        for stage in stages {
            let start = maps.last.map(halved) ?? (x - shift) / scale
            maps.append(
                stage.reduce(start) { convolution($0, weight: $1.weight, bias: $1.bias, padding: Padding(1)).relu() })
        }
        return maps
    }

    /// The mean of the last map over its positions.
    public func vectors(of x: Tensor) -> Tensor { maps(of: x)[stages.count - 1].cast(to: .f32).mean([1, 2]) }

    /// The largest of each 2 x 2 block; an odd last row or column is left out.
    private func halved(_ x: Tensor) -> Tensor {
        let (B, H, W, C) = x.shape4
        let even = x.slice(1, 0..<H / 2 * 2).slice(2, 0..<W / 2 * 2)
        return even.reshaped([B, H / 2, 2, W / 2, 2, C]).max(2).max(3)
    }
}
