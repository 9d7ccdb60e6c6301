import Media
import Networks
import Tensors

/// A data set's latents, encoded once and kept: tokens, or moments per example that are drawn from each time they are used.
///
/// The file is named by what determines it: the codec's fingerprint and the data's description.
public struct LatentCache: Sendable {
    /// Mean and log-variance, `[N, h, w, 2c]`, of a codec with continuous latents.
    public let moments: Tensor?
    /// `[N, h w]`, of a codec with tokens.
    public let tokens: Tokens?

    /// Reads the cache, or encodes the data set and writes it.
    ///
    /// - Parameters:
    ///   - key: everything that determines the latents, such as the codec's fingerprint and the data section.
    ///   - batch: examples that a thread encodes at a time.
    public static func open(
        _ dataset: any Dataset, as form: MediaForm = .picture, codec: any Codec, key: String, folder: String, batch: Int = 16,
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws -> LatentCache {
        let path = folder + "/latents-\(SHA256.hex(key).prefix(16)).safetensors"
        if let found = stored(path, key, dataset.count, codec.latents) { return found }
        var moments: [Tensor] = []
        var tokens: [Int32] = []
        for group in pieces(dataset.count, of: batch * Compute.threads) {
            let parts = pieces(group.count, of: batch).map { group.lowerBound + $0.lowerBound..<group.lowerBound + $0.upperBound }
            // Drawing pictures is half of the work: each thread draws and encodes its own.
            for encoding in concurrently(parts.count, { i in Result { try encoded(dataset, form, parts[i], codec) } }) {
                switch try encoding.get() {
                case .moments(let mean, let logVariance): moments.append(concatenated([mean, logVariance], axis: 3))
                case .tokens(let some): tokens += some.values
                }
            }
            progress(group.upperBound, dataset.count)
        }
        let made = LatentCache(
            moments: moments.isEmpty ? nil : concatenated(moments, axis: 0),
            tokens: tokens.isEmpty ? nil : Tokens(tokens, [dataset.count, tokens.count / dataset.count]))
        try Folder.create(folder)
        var writer = SafetensorsWriter()
        if let moments = made.moments { writer.add("moments", moments) }
        if let tokens = made.tokens { writer.add("tokens", tokens) }
        try writer.write(to: path, metadata: ["key": key])
        return made
    }

    private static func encoded(
        _ dataset: any Dataset, _ form: MediaForm, _ range: Range<Int>, _ codec: any Codec
    ) throws -> Encoding {
        let examples = try range.map { try dataset.example($0, epoch: 0) }
        if form.isPicture, let missing = zip(range, examples).first(where: { $1.picture == nil }) {
            throw InputError("example \(missing.0) has no picture to encode", at: "data")
        }
        let media = try form.media(of: examples, from: range.lowerBound)
        return withoutGradients { codec.encode(media) }
    }

    /// What an earlier run left, if it is whole and of the same data.
    private static func stored(_ path: String, _ key: String, _ count: Int, _ latents: LatentSpec) -> LatentCache? {
        guard Folder.exists(path), let file = try? SafetensorsFile(path), file.metadata["key"] == key else { return nil }
        let shape = latents.shape
        switch latents.kind {
        case .continuous:
            guard let moments = try? file.tensor("moments"), moments.shape == [count, shape[0], shape[1], 2 * shape[2]] else {
                return nil
            }
            return LatentCache(moments: moments, tokens: nil)
        case .tokens(let codes):
            guard let tokens = try? file.tokens("tokens"), tokens.shape == [count, shape.reduce(1, *)],
                tokens.values.allSatisfy({ 0..<Int32(codes) ~= $0 })
            else { return nil }
            return LatentCache(moments: nil, tokens: tokens)
        }
    }

    /// Those of some examples.
    func rows(_ indices: [Int]) -> (moments: Tensor?, tokens: Tokens?) {
        let some = tokens.map { all in
            let N = all.shape[1]
            return Tokens(indices.flatMap { all.values[$0 * N..<($0 + 1) * N] }, [indices.count, N])
        }
        return (moments?.gathered(0, indices), some)
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
        let latents = cache.rows(found.map(\.index))
        return Batch(
            latents: latents.moments, tokens: latents.tokens, captions: words.map { $0.caption ?? "" },
            labels: words.map { $0.label ?? 0 }, places: places)
    }
}
