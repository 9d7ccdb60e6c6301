import Codecs
import Media
import Metrics
import Networks
import Systems
import Tensors

extension Evaluation {
    /// Share of names whose sample is nearer to its own emoji than to 63 random others: in the codec's latents, or where those are tokens
    /// or a feature network was named, in its features.
    func nearestOwn(_ system: any GenerativeSystem) throws -> [Result] {
        guard let latent = system as? any LatentSystem else {
            throw InputError("this model has no codec to compare in", at: model)
        }
        guard let emoji = try DataSection.named("emoji", split: split) as? Emoji else { return [] }
        var generator = KeyedGenerator(UInt64(seed), 17)
        let chosen = Array(generator.permutation(emoji.count).prefix(count))
        let captions = chosen.map { emoji.caption($0, epoch: 0) }
        let samples = try draw(system, captions)
        try writeGrid(samples, captions)
        let pictures = samples.compactMap(\.picture)
        let references = try (0..<emoji.count).compactMap { try emoji.example($0, epoch: 0).picture }
        let codec = latent.frozenCodec
        let isContinuous = codec.latents.kind == .continuous
        let view = network != nil || !isContinuous ? try FeatureView(network, for: .picture) : nil
        func vectors(_ pictures: [Picture]) throws -> Tensor { try view?.vectors(pictures) ?? Self.means(codec, pictures) }
        let found = NearestOwn(
            samples: try vectors(pictures), own: chosen, references: try vectors(references), others: 63,
            noise: Noise(seed: UInt64(seed))("others"))
        return [
            Result(
                name: "nearest-own", value: found.share,
                text: "\(found.hits) of \(chosen.count) samples nearer to their own emoji than to 63 others"
                    + (view.map { ", seen by \($0.label)" } ?? ""))
        ]
    }

    /// Mean latents, `[N, h, w, c]`.
    private static func means(_ codec: any Codec, _ pictures: [Picture]) -> Tensor {
        let parts = pieces(pictures.count, of: 32).map { range in
            guard case .moments(let mean, _) = withoutGradients({ codec.encode(Tensor(Array(pictures[range]))) }) else {
                fatalError("means: the codec gives tokens")
            }
            return mean
        }
        return concatenated(parts, axis: 0)
    }
}
