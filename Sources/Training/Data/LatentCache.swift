import Media
import Networks
import Tensors

/// A data set's latents, encoded once and kept: moments per example, drawn anew each time they are used.
///
/// The file is named by what determines it: the codec's fingerprint and the data's description.
public struct LatentCache: Sendable {
    /// Mean and log-variance, `[N, h, w, 2c]`.
    public let moments: Tensor

    /// Reads the cache, or encodes the data set and writes it.
    ///
    /// - Parameter key: everything that determines the latents, such as the codec's fingerprint and the data section.
    public static func open(
        _ dataset: any Dataset, codec: any Codec, key: String, folder: String, batch: Int = 64,
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws -> LatentCache {
        let path = folder + "/latents-\(SHA256.hex(key).prefix(16)).safetensors"
        let shape = codec.latents.shape
        let expected = [dataset.count, shape[0], shape[1], 2 * shape[2]]
        if Folder.exists(path), let file = try? SafetensorsFile(path), file.metadata["key"] == key,
            let moments = try? file.tensor("moments"), moments.shape == expected
        {
            return LatentCache(moments: moments)
        }
        var parts: [Tensor] = []
        for first in stride(from: 0, to: dataset.count, by: batch) {
            let last = min(first + batch, dataset.count)
            let pictures = try (first..<last).map { index in
                guard let picture = try dataset.example(index, epoch: 0).picture else {
                    throw InputError("example \(index) has no picture to encode", at: "data")
                }
                return picture
            }
            guard case .moments(let mean, let logVariance) = withoutGradients({ codec.encode(Tensor(pictures)) }) else {
                throw InputError("the codec gives tokens", at: "data.cache", expected: "a codec with continuous latents")
            }
            parts.append(concatenated([mean, logVariance], axis: 3))
            progress(last, dataset.count)
        }
        let moments = concatenated(parts, axis: 0)
        try Folder.create(folder)
        var writer = SafetensorsWriter()
        writer.add("moments", moments)
        try writer.write(to: path, metadata: ["key": key])
        return LatentCache(moments: moments)
    }
}

/// Batches of cached latents with the data set's words, in the same order as `DatasetSource`.
public final class LatentSource: BatchSource {
    private let dataset: any Dataset
    private let cache: LatentCache
    private let batchSize: Int
    private let order: EpochOrder

    public init(_ dataset: any Dataset, cache: LatentCache, batch: Int, seed: UInt64) {
        self.dataset = dataset
        self.cache = cache
        batchSize = batch
        order = EpochOrder(count: dataset.count, seed: seed)
    }

    public func batch(step: Int, range: Range<Int>, places: [Noise]) throws -> Batch {
        let found = range.map { order.place(at: step * batchSize + $0) }
        let words = try found.map { try dataset.words($0.index, epoch: $0.epoch) }
        return Batch(
            latents: cache.moments.gathered(0, found.map(\.index)), captions: words.map { $0.caption ?? "" },
            labels: words.map { $0.label ?? 0 }, places: places)
    }
}
