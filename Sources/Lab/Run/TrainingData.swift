import Media
import Networks
import Systems
import Tensors
import Training

/// What an experiment trains on: a data set, and what came before it in a curriculum.
///
///     data:
///       stages: [{until: 1000, kind: soundscapes, captions: tags}, {until: 2000, kind: soundscapes, pair_share: 0}]
///       train: {kind: soundscapes}
///       cache: latents
///
/// Of sentences `buckets: 8` sorts what eight batches hold by length, so that each is of about one length.
struct TrainingData {
    private struct Stage {
        /// The first step that is no longer its own.
        let end: Int
        let dataset: any Dataset
        /// What determines its media.
        let key: String
    }

    /// What training ends with, which stands for all the data.
    let dataset: any Dataset
    private let stages: [Stage]
    private let cachesLatents: Bool
    private let buckets: Int

    /// Section `data`.
    init(_ section: Section) throws {
        var stages: [Stage] = []
        for part in try section.sections("stages") {
            let end = try part.int("until", in: ((stages.last?.end ?? 0) + 1)...1_000_000_000)
            stages.append(Stage(end: end, dataset: try DataSection.dataset(part), key: Self.key(part)))
        }
        let last = try section.section("train")
        dataset = try DataSection.dataset(last)
        self.stages = stages + [Stage(end: .max, dataset: dataset, key: Self.key(last))]
        cachesLatents = try section.choice("cache", among: ["none", "latents"], default: "none") == "latents"
        buckets = try section.int("buckets", default: 1, in: 1...1000)
        if cachesLatents && buckets > 1 {
            throw section.error("buckets", "sorts what is not read again", expected: "1 with cache: latents", found: "\(buckets)")
        }
    }

    /// The sentences change no latents.
    private static func key(_ section: Section) -> String {
        ["captions", "masks", "until"].reduce(section.resolved) { $0.dropping($1) }.json.encoded()
    }

    /// What is told of every stage's first examples, and what is made of it: what vocabularies are made from.
    func sentences() throws -> [String] { try words(first: 20_000) { [$0.caption, $0.text].compactMap { $0 } } }

    /// What is told of every stage's first examples.
    func captions(first: Int) throws -> [String] { try words(first: first) { $0.caption.map { [$0] } ?? [] } }

    private func words(first: Int, _ chosen: (Example) -> [String]) throws -> [String] {
        try stages.flatMap { stage in
            try (0..<min(stage.dataset.count, first)).flatMap { index in
                try (0..<2).flatMap { epoch in chosen(try stage.dataset.words(index, epoch: epoch)) }
            }
        }
    }

    /// Where batches come from: media, or latents that are kept in a folder.
    func source(
        for system: any System, batch: Int, seed: UInt64, cache folder: String, progress: (Int, Int) -> Void
    ) throws -> any BatchSource {
        let sources = try stages.map { stage in
            (stage.end, try source(of: stage, for: system, batch: batch, seed: seed, cache: folder, progress: progress))
        }
        return sources.count == 1 ? sources[0].1 : StagedSource(sources)
    }

    private func source(
        of stage: Stage, for system: any System, batch: Int, seed: UInt64, cache folder: String, progress: (Int, Int) -> Void
    ) throws -> any BatchSource {
        guard cachesLatents else {
            return DatasetSource(stage.dataset, as: system.form, batch: batch, seed: seed, buckets: buckets)
        }
        guard let latent = system as? any LatentSystem else {
            throw InputError("this system does not work in latents", at: "data.cache", expected: "none")
        }
        let cache = try LatentCache.open(
            stage.dataset, as: system.form, codec: latent.frozenCodec,
            key: latent.codecFingerprint + stage.key + Version.current, folder: folder, progress: progress)
        return LatentSource(stage.dataset, cache: cache, batch: batch, seed: seed)
    }
}
