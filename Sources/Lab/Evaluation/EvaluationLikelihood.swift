import Codecs
import Glibc
import Media
import Metrics
import Networks
import Systems
import Tensors
import Training

extension Evaluation {
    /// Bits of what the split holds.
    func likelihood(_ system: any System) throws -> [Result] {
        switch system {
        case let system as any LikelihoodSystem & LatentSystem: return try likelihood(ofPictures: system)
        case let system as any LikelihoodSystem: return try likelihood(ofSentences: system)
        default: throw InputError("this model cannot say how likely an example is", at: model, found: type(of: system).name)
        }
    }

    /// Of the tokens of pictures, and with those of the pixels given the tokens, per number of a picture (Bond-Taylor et al. 2022, arXiv
    /// 2111.12701, section 4.3). Pixels are normal around what the codec decodes, with the deviation that it shows on training
    /// pictures.
    private func likelihood(ofPictures system: any LikelihoodSystem & LatentSystem) throws -> [Result] {
        let codec = system.frozenCodec
        let dataset = try DataSection.named(kind, split: split)
        let total = min(count, dataset.count)
        try fits(picture(of: dataset), codec)
        let normal = DiscretizedNormal(deviation: try deviation(of: codec))
        let bar = ProgressBar("likelihood", total: total, unit: "picture", quiet: quiet)
        var (tokenBits, pixelBits, tokens, numbers) = (0.0, 0.0, 0, 0)
        for first in stride(from: 0, to: total, by: request.batch) {
            let examples = try (first..<min(first + request.batch, total)).map { try dataset.example($0, epoch: 0) }
            let pictures = examples.compactMap(\.picture)
            let encoding = withoutGradients { codec.encode(Tensor(pictures.map(\.rgb))) }
            guard case .tokens(let found) = encoding else { fatalError("likelihood: the codec gives real latents") }
            let batch = Batch(
                tokens: found.reshaped([pictures.count, found.count / pictures.count]),
                captions: examples.map { $0.caption ?? "" }, labels: examples.map { $0.label ?? 0 },
                places: (first..<first + examples.count).map { Noise(seed: UInt64(seed))("likelihood")($0) })
            tokenBits += try system.nats(batch).values.reduce(0) { $0 + Double($1) } / log(2)
            tokens += examples.count * codec.latents.shape.reduce(1, *)
            let decoded = Self.decoded(encoding, codec).values
            for (value, mean) in zip(pictures.flatMap(\.rgb.pixels), decoded) {
                pixelBits += normal.bits(Int(value), around: (Double(mean) + 1) * 127.5)
            }
            numbers += decoded.count
            bar.update(first + examples.count)
        }
        bar.finish()
        let most = type(of: system).isExact ? "" : "at most "
        let bits = tokenBits / Double(tokens)
        let all = (tokenBits + pixelBits) / Double(numbers)
        return [
            Result(
                name: "bits-per-token", value: bits,
                text: "\(most)\(fixed(bits, decimals: 4)) over \(total) \(split) pictures"),
            Result(
                name: "bits-per-dimension", value: all,
                text: "at most \(fixed(all, decimals: 4)), of which tokens \(fixed(tokenBits / Double(numbers), decimals: 4))"),
        ]
    }

    private static func decoded(_ encoding: Encoding, _ codec: any Codec) -> Tensor {
        withoutGradients { codec.decode(encoding) }.clamped(-1, 1)
    }

    /// Of training pictures' bytes from what the codec makes of them.
    private func deviation(of codec: any Codec) throws -> Double {
        let dataset = try DataSection.named(kind, split: "train")
        var errors: [Double] = []
        for range in pieces(min(256, dataset.count), of: 16) {
            let x = Tensor(try range.compactMap { try dataset.example($0, epoch: 0).picture?.rgb })
            errors += PictureDifference.meanSquared(Self.decoded(withoutGradients { codec.encode(x) }, codec), x)
        }
        // On a scale where a byte's range is 1.
        return max(1e-3, 255 * (errors.reduce(0, +) / Double(errors.count)).squareRoot())
    }
}
