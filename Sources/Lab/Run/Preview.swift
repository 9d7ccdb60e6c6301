import Media
import Systems
import Tensors

/// What a run shows of itself: samples of a generator, originals beside reconstructions of a codec.
enum Preview {
    static func picture(_ experiment: Experiment) throws -> Picture? {
        switch experiment.system {
        case let system as any GenerativeSystem: try samples(system, experiment)
        case let system as any CodecSystem: try reconstructions(system, experiment)
        default: nil
        }
    }

    private static func samples(_ system: any GenerativeSystem, _ experiment: Experiment) throws -> Picture? {
        var request = SampleRequest()
        request.prompts = experiment.train.previewPrompts
        request.classes = experiment.train.previewClasses
        request.seeds = experiment.train.previewSeeds.map { UInt64($0) }
        var pictures: [Picture] = []
        do {
            try system.sample(request) { if let picture = $0.picture { pictures.append(picture) } }
        } catch is InputError {
            return nil      // nothing to ask: no prompts were given
        }
        guard !pictures.isEmpty else { return nil }
        return Picture.grid(pictures, columns: request.seeds.count, padding: 2, scale: 2)
    }

    private static func reconstructions(_ system: any CodecSystem, _ experiment: Experiment) throws -> Picture? {
        let originals = try (0..<min(8, experiment.dataset.count)).compactMap {
            try experiment.dataset.example($0, epoch: 0).picture
        }
        guard !originals.isEmpty else { return nil }
        let decoded = withoutGradients { system.codec.decode(system.codec.encode(Tensor(originals))) }
        return Picture.grid(originals + decoded.pictures, columns: originals.count, padding: 2, scale: 2)
    }
}
