import Tensors

/// Inception v3 over spectrograms, from converted weights: what the distances and divergences of text-to-sound papers look through
/// (Iashin & Rahtu 2021, arXiv 2110.08791, section 3.3).
///
/// Names are torchvision's, `Conv2d_1a_3x3.conv.weight` to `fc.bias`. Beside them may lie `mel.mean` and `mel.std`, `[bands]`, by which
/// the published network's spectrograms are normalised.
public final class Melception {
    private let stem: [InceptionLayer]
    private let blocks: [InceptionBlock]
    private let output: (weight: Tensor, bias: Tensor)
    private let statistics: (mean: Tensor, deviation: Tensor)?

    /// - Parameter bands: of a spectrogram.
    public init(_ weights: ConvertedWeights, bands: Int = 80) throws {
        let reader = InceptionReader(weights: weights)
        var channels = 1
        var stem: [InceptionLayer] = []
        for (name, size, stride, pads) in [
            ("Conv2d_1a_3x3", 3, 2, false), ("Conv2d_2a_3x3", 3, 1, false), ("Conv2d_2b_3x3", 3, 1, true),
            ("Conv2d_3b_1x1", 1, 1, false), ("Conv2d_4a_3x3", 3, 1, false),
        ] {
            stem.append(try reader.layer(name, channels, size, size, stride: stride, pads: pads))
            channels = stem[stem.count - 1].width
        }
        var blocks: [InceptionBlock] = []
        for (name, kind) in Self.plan {
            blocks.append(try kind(reader, "Mixed_\(name)", channels))
            channels = blocks[blocks.count - 1].width
        }
        (self.stem, self.blocks) = (stem, blocks)
        let weight = try weights.tensor("fc.weight", [nil, channels])
        output = (weight.transposed().contiguous(), try weights.tensor("fc.bias", [weight.shape[0]]))
        statistics =
            weights.has("mel.mean")
            ? (try weights.tensor("mel.mean", [bands]), try weights.tensor("mel.std", [bands])) : nil
    }

    /// Features before the last layer, and what it makes of them.
    ///
    ///     x: [B, frames, bands, 1], 0...1
    ///     returns [B, F] and [B, classes]
    public func callAsFunction(_ x: Tensor) -> (vectors: Tensor, logits: Tensor) {
        var x = x
        if let statistics {
            x = (x - statistics.mean.unsqueezed(1)) / statistics.deviation.unsqueezed(1)
        }
        // Its rows are bands.
        let maps = blocks.reduce(stem.reduce(x.permuted([0, 2, 1, 3])) { $1($0) }) { $1($0) }
        let vectors = maps.cast(to: .f32).mean([1, 2])
        return (vectors, matmul(vectors, output.weight) + output.bias)
    }

    // MARK: - Blocks

    private typealias Kind = (InceptionReader, String, Int) throws -> InceptionBlock

    private static var plan: [(String, Kind)] {
        [("5b", a), ("5c", a), ("5d", a), ("6a", b), ("6b", c), ("6c", c), ("6d", c), ("6e", c), ("7a", d), ("7b", e), ("7c", e)]
    }

    private static func mean(_ reader: InceptionReader, _ name: String, _ input: Int) throws -> InceptionBlock.Pool {
        .mean(try reader.layer("\(name).branch_pool", input, 1, 1))
    }

    private static func a(_ reader: InceptionReader, _ name: String, _ input: Int) throws -> InceptionBlock {
        InceptionBlock(
            branches: [
                try reader.chain("\(name).branch1x1", input, [("", 1, 1)]),
                try reader.chain("\(name).branch5x5_", input, [("1", 1, 1), ("2", 5, 5)]),
                try reader.chain("\(name).branch3x3dbl_", input, [("1", 1, 1), ("2", 3, 3), ("3", 3, 3)]),
            ], pool: try mean(reader, name, input))
    }

    private static func b(_ reader: InceptionReader, _ name: String, _ input: Int) throws -> InceptionBlock {
        InceptionBlock(
            branches: [
                try reader.chain("\(name).branch3x3", input, [("", 3, 3)], halves: true),
                try reader.chain("\(name).branch3x3dbl_", input, [("1", 1, 1), ("2", 3, 3), ("3", 3, 3)], halves: true),
            ], pool: .largest(channels: input))
    }

    private static func c(_ reader: InceptionReader, _ name: String, _ input: Int) throws -> InceptionBlock {
        InceptionBlock(
            branches: [
                try reader.chain("\(name).branch1x1", input, [("", 1, 1)]),
                try reader.chain("\(name).branch7x7_", input, [("1", 1, 1), ("2", 1, 7), ("3", 7, 1)]),
                try reader.chain(
                    "\(name).branch7x7dbl_", input, [("1", 1, 1), ("2", 7, 1), ("3", 1, 7), ("4", 7, 1), ("5", 1, 7)]),
            ], pool: try mean(reader, name, input))
    }

    private static func d(_ reader: InceptionReader, _ name: String, _ input: Int) throws -> InceptionBlock {
        InceptionBlock(
            branches: [
                try reader.chain("\(name).branch3x3_", input, [("1", 1, 1), ("2", 3, 3)], halves: true),
                try reader.chain(
                    "\(name).branch7x7x3_", input, [("1", 1, 1), ("2", 1, 7), ("3", 7, 1), ("4", 3, 3)], halves: true),
            ], pool: .largest(channels: input))
    }

    private static func e(_ reader: InceptionReader, _ name: String, _ input: Int) throws -> InceptionBlock {
        func forked(_ name: String, _ kernels: [(end: String, rows: Int, columns: Int)], _ end: String) throws -> InceptionChain {
            var chain = try reader.chain(name, input, kernels)
            let width = chain.width
            chain.ends = [
                try reader.layer("\(name)\(end)a", width, 1, 3, pads: true),
                try reader.layer("\(name)\(end)b", width, 3, 1, pads: true),
            ]
            return chain
        }
        return InceptionBlock(
            branches: [
                try reader.chain("\(name).branch1x1", input, [("", 1, 1)]),
                try forked("\(name).branch3x3_", [("1", 1, 1)], "2"),
                try forked("\(name).branch3x3dbl_", [("1", 1, 1), ("2", 3, 3)], "3"),
            ], pool: try mean(reader, name, input))
    }
}
