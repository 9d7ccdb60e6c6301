import Media
import Metrics
import Systems
import Tensors
import Training

extension Evaluation {
    /// What is made of texts of the split, or said of its pictures, beside what should be: how many are exactly right, and how far off
    /// the others are.
    func answers(_ system: any GenerativeSystem) throws -> [Result] {
        try requireText(system)
        let dataset = try DataSection.named(kind, split: split)
        let (made, targets) = try system.toldSide != nil ? saidOfPictures(system, dataset) : madeOfTexts(system, dataset)
        let references = targets.map { [$0] }
        let (bleu, chrF) = (BLEU(), ChrF())
        let (scored, characters) = (bleu.corpus(made, references), chrF.corpus(made, references))
        let errors = ErrorRate.words(made, targets)
        let right = exactMatch(made, references)
        return [
            Result(
                name: "exact", value: right,
                text: "\(Int((right * Double(made.count)).rounded())) of \(made.count) \(split) texts exactly right"),
            Result(name: "word-error-rate", value: errors.rate, text: fixed(errors.rate, decimals: 4)),
            Result(
                name: "bleu", value: scored.value,
                text: "\(fixed(scored.value, decimals: 2)), \(bleu.signature(references))"),
            Result(
                name: "chrf", value: characters.value,
                text: "\(fixed(characters.value, decimals: 2)), \(chrF.signature(references))"),
        ] + (system.toldSide != nil ? [consensus(made, references)] : [])
    }

    private func consensus(_ made: [String], _ references: [[String]]) -> Result {
        let value = CIDEr().score(made, references).mean
        return Result(name: "cider-d", value: value, text: fixed(value, decimals: 4))
    }

    private func madeOfTexts(_ system: any GenerativeSystem, _ dataset: any Dataset) throws -> ([String], [String]) {
        let pairs = try (0..<min(count, dataset.count)).map { index in
            let words = try dataset.words(index, epoch: 0)
            guard let source = words.caption, let target = words.text else {
                throw InputError("has no texts to be made into others", at: "--data \(kind)", found: words.name)
            }
            return (source: source, target: target)
        }
        return (try draw(system, pairs.map(\.source)).compactMap(\.text), pairs.map(\.target))
    }

    private func saidOfPictures(_ system: any GenerativeSystem, _ dataset: any Dataset) throws -> ([String], [String]) {
        let examples = try (0..<min(count, dataset.count)).map { try Captioning(dataset).example($0, epoch: 0) }
        let pairs = try examples.map { example in
            guard let picture = example.picture, let text = example.text else {
                throw InputError("has no pictures that something is said of", at: "--data \(kind)", found: example.name)
            }
            return (picture: (name: example.name, picture: picture), target: text)
        }
        let said = try draw(system, of: pairs.count) { $0.pictures = pairs[$1].map(\.picture) }
        return (said.compactMap(\.text), pairs.map(\.target))
    }

    /// How varied sentences are that are made from nothing, and how much of them training held; real ones of the split beside them.
    func diversity(_ system: any GenerativeSystem) throws -> [Result] {
        try requireText(system)
        let dataset = try DataSection.named(kind, split: split)
        func texts(_ dataset: any Dataset, _ count: Int) throws -> [[Word]] {
            try (0..<min(count, dataset.count)).compactMap { try dataset.words($0, epoch: 0).text.map { words(of: $0) } }
        }
        let real = try texts(dataset, count)
        guard !real.isEmpty else { throw InputError("holds no sentences", at: "--data \(kind)") }
        let known = try DataSection.named(kind, split: Split.train.rawValue)
        let training = try texts(known, known.count)
        var request = request
        request.seeds = (0..<count).map { UInt64(seed + $0) }
        let bar = ProgressBar("sampling", total: count, unit: "sample", quiet: quiet)
        var made: [[Word]] = []
        try system.sample(request) { sample in
            made.append(words(of: sample.text ?? ""))
            bar.update(made.count)
        }
        bar.finish()
        let counted = "over \(made.count) samples; of \(real.count) \(split) sentences"
        return [
            ("unigram-entropy", { UnigramEntropy(pooled: $0).bits }), ("distinct-2", { Repetition.distinct(2, $0) }),
            ("diversity", { Repetition.diversity($0) }),
            ("memorised", { Repetition.copied($0, from: training, n: 4) }),
        ].map { (name: String, measure: ([[Word]]) -> Double) in
            let (value, own) = (measure(made), measure(real))
            return Result(name: name, value: value, text: "\(fixed(value, decimals: 4)) \(counted) \(fixed(own, decimals: 4))")
        }
    }

    func requireText(_ system: any GenerativeSystem) throws {
        guard system.medium == .text else {
            throw InputError("makes no sentences", at: model, found: type(of: system).name)
        }
    }
}
