import Media
import Metrics
import Networks
import Systems
import Tensors
import Training

extension Evaluation {
    /// Neighbours of a ball, as in the program of Naeem et al. 2020.
    private static let neighbours = 5

    /// Results of which less is more.
    private static let lessIsMore: Set = [
        "feature-frechet", "feature-mmd", "answer-divergence", "word-error-rate", "memorised", "mmd", "loss", "likelihood",
        "bits-per-token", "bits-per-dimension", "bits-per-character", "nll", "speed", "seconds-per-sample",
    ]

    /// Whether more is better of a metric's result, or of its first one.
    static func isHigherBetter(_ metric: String, _ result: String?) -> Bool {
        !lessIsMore.contains(result ?? (metric == "features" ? "feature-frechet" : metric))
    }

    /// Samples beside examples of the split: how far the two sets lie apart, and which of them reaches where. Of sounds also how differently
    /// the network takes each sample and the example whose sentence it was told.
    ///
    /// What the model is told belongs to other examples where the data set has twice `count`, and these are compared as well: a
    /// perfect model would score as they do.
    func features(_ system: any GenerativeSystem) throws -> [Result] {
        let view = try FeatureView(network, for: system.medium)
        let dataset = try DataSection.named(kind, split: split)
        var generator = KeyedGenerator(UInt64(seed), 19)
        let order = generator.permutation(dataset.count)
        func has(_ example: Example) -> Bool { system.medium == .picture ? example.picture != nil : example.sound != nil }
        let known = try order.prefix(count).map { try dataset.example($0, epoch: 0) }.filter(has)
        let told = try (0..<count).map { try dataset.example(order[(count + $0) % order.count], epoch: 0) }
        guard min(count, known.count) > Self.neighbours else {
            throw InputError(
                "too few to compare", at: "--count", expected: "more than \(Self.neighbours) samples and \(system.medium)s",
                found: "\(count) and \(known.count)")
        }
        try fits(known[0].picture, system.anyCodec)
        let samples = try samples(of: system, like: told)
        let drawn = try view.seen(samples, answering: true)
        let real = try view.seen(known).vectors
        let own = told.filter(has)
        let originals = own.isEmpty ? nil : try view.seen(own, answering: true)
        let others = 2 * count <= dataset.count ? originals.map { Self.distances(real, $0.vectors) } ?? [] : []
        let counts = "\(count) samples and \(known.count) \(split) \(system.medium)s, seen by \(view.label)"
        let warning = count == known.count ? "" : "; warning: the counts differ, do not compare with numbers over equal ones"
        func shown(_ value: Double) -> String { fixed(value, decimals: 4) }
        let results = Self.distances(real, drawn.vectors).enumerated().map { i, found in
            let floor = others.isEmpty ? "" : " (of as many other \(system.medium)s \(shown(others[i].value)))"
            return Result(
                name: "feature-" + found.name, value: found.value,
                text: "\(shown(found.value))\(floor) over \(counts)\(warning)")
        }
        guard own.count == told.count, let answers = originals?.logits, let ours = drawn.logits else { return results }
        let divergence = answerDivergence(real: answers, samples: ours)
        return results + [
            Result(
                name: "answer-divergence", value: divergence,
                text:
                    "\(shown(divergence)) nats from \(count) \(split) \(system.medium)s to samples of the same sentences, seen by \(view.label)"
            )
        ]
    }

    /// Of features `[N, F]` and `[M, F]`.
    private static func distances(_ real: Tensor, _ other: Tensor) -> [(name: String, value: Double)] {
        let scores = NeighbourScores(real: real, samples: other, neighbours: neighbours)
        return [
            ("frechet", FeatureView.distance(real, other)), ("mmd", kernelDistance(real, other)),
            ("precision", scores.precision), ("recall", scores.recall), ("density", scores.density),
            ("coverage", scores.coverage),
        ]
    }

    /// A sample for each example, told its caption or class, with seeds `seed`, `seed + 1`, ...
    func samples(of system: any GenerativeSystem, like told: [Example]) throws -> [Example] {
        var request = request
        request.seeds = told.indices.map { UInt64(seed + $0) }
        request.pairsSeeds = true
        if (system as? any ReadingSystem)?.textReader != nil {
            request.prompts = told.map { $0.caption ?? "" }
        } else if let classes = (system as? any DenoisingSystem)?.classCount, classes > 0 {
            request.classes = told.map { $0.label ?? 0 }
        }
        let bar = ProgressBar("sampling", total: told.count, unit: "sample", quiet: quiet)
        var samples: [Sample] = []
        try system.sample(request) { sample in
            samples.append(sample)
            bar.update(samples.count)
        }
        bar.finish()
        try writeGrid(samples, told.map { $0.caption ?? $0.name })
        return samples.map { Example(picture: $0.picture, sound: $0.sound, text: $0.text, name: "sample") }
    }

    /// Share of examples whose class a classifier names.
    func accuracy(_ loaded: ModelDirectory.Loaded) throws -> [Result] {
        guard let system = loaded.system as? any ClassifyingSystem else {
            throw InputError("this model does not sort into classes", at: model, found: type(of: loaded.system).name)
        }
        let dataset = try DataSection.named(kind, split: split)
        guard dataset.classNames.count == system.classCount else {
            throw InputError(
                "the classes are not those of the model", at: "--data \(kind)", expected: "\(system.classCount)",
                found: "\(dataset.classNames.count)")
        }
        let total = min(count, dataset.count)
        var right = 0
        for rows in pieces(total, of: 32) {
            let examples = try rows.map { try dataset.example($0, epoch: 0) }
            if rows.lowerBound == 0, let picture = examples[0].picture {
                try (loaded.system as? any FeatureSystem)?.check(picture, at: "--data \(kind)")
            }
            let media = try loaded.system.form.media(of: examples, from: rows.lowerBound)
            let found = withoutGradients { system.logits(of: media).argmax(1) }
            right += zip(found.values, examples).count { Int($0) == $1.label }
        }
        return [
            Result(
                name: "accuracy", value: Double(right) / Double(total),
                text: "\(right) of \(total) \(split) examples in their own of \(system.classCount) classes")
        ]
    }

    /// A data set of another model's pictures is a person's slip.
    func fits(_ picture: Picture?, _ codec: (any Codec)?) throws(InputError) {
        guard let picture, let shape = codec?.mediaShape else { return }
        if [picture.height, picture.width, picture.channels] == shape { return }
        throw InputError(
            "the pictures do not fit the model", at: "--data \(kind)", expected: "\(shape[1])x\(shape[0]), \(shape[2]) channels",
            found: "\(picture.width)x\(picture.height), \(picture.channels) channels")
    }
}
