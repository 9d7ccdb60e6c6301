import Glibc
import Media
import Systems
import Tensors

extension Evaluation {
    /// How likely a judge finds samples, by token, and the entropy of the samples' tokens: who says the same over and over pleases a judge,
    /// so neither number means anything without the other, nor both without those of as many real sentences (Strudel et al. 2022,
    /// arXiv 2211.04236; Dieleman et al. 2022, arXiv 2211.15089).
    func judged(_ system: any GenerativeSystem) throws -> [Result] {
        try requireText(system)
        let real = try examples(count)
        return try judged(samples(of: system, like: real).map { $0.text ?? "" }, beside: real)
    }

    /// Of texts that a model made, beside real ones.
    func judged(_ made: [String], beside real: [Example]) throws -> [Result] {
        let judge = try Judge(judge)
        func chances(_ texts: [String]) throws -> SentenceChances {
            try SentenceChances(
                of: texts.map { Example(text: $0, name: "sample") }, under: judge.system, batch: request.batch, quiet: quiet)
        }
        let sets = [
            ("", "\(made.count) samples", try chances(made)),
            ("-real", "\(real.count) \(split) sentences", try chances(real.compactMap(\.text))),
        ]
        return sets.flatMap { ending, counted, found in
            let cut = found.cut == 0 ? "" : ", \(found.cut) of them cut to what the judge reads"
            return [
                Result(
                    name: "nll" + ending, value: found.natsPerToken,
                    text:
                        "\(fixed(found.natsPerToken, decimals: 4)) nats a token over \(found.tokenCount) tokens of \(counted)\(cut), "
                        + "judged by \(judge.fingerprint.prefix(12))"),
                Result(
                    name: "nll\(ending)-entropy", value: found.entropy,
                    text: "\(fixed(found.entropy, decimals: 4)) nats, mean over the \(counted)"),
            ]
        }
    }

    /// Bits of the split's sentences, told what they are made from where the model is told something.
    func likelihood(ofSentences system: any LikelihoodSystem) throws -> [Result] {
        let found = try SentenceChances(of: examples(count), under: system, batch: request.batch, quiet: quiet)
        let most = type(of: system).isExact ? "" : "at most "
        let characters = found.texts.reduce(0) { $0 + $1.count }
        let (token, character) = (found.natsPerToken / log(2), found.nats / log(2) / Double(max(1, characters)))
        let cut = found.cut == 0 ? "" : ", \(found.cut) of them cut to what the model reads"
        return [
            Result(
                name: "bits-per-token", value: token,
                text:
                    "\(most)\(fixed(token, decimals: 4)) over \(found.tokenCount) tokens of \(found.texts.count) \(split) sentences\(cut)"
            ),
            Result(
                name: "bits-per-character", value: character,
                text:
                    "\(most)\(fixed(character, decimals: 4)) over \(characters) characters, ends of sentences included in the bits"
            ),
        ]
    }

    /// The first sentences of the split with what is told of them.
    func examples(_ count: Int) throws -> [Example] {
        let dataset = try DataSection.named(kind, split: split)
        let found = try (0..<min(count, dataset.count)).map { try dataset.words($0, epoch: 0) }
        guard !found.isEmpty, found.allSatisfy({ $0.text != nil }) else {
            throw InputError("holds no sentences", at: "--data \(kind)", expected: "a data set of sentences, by --data")
        }
        return found
    }

    /// The first samples of a file, a text a line or the `text` of JSON lines; nil of what is no such file.
    func samples(inFile path: String) throws -> [String]? {
        if path.hasSuffix(".jsonl") {
            return try TextPairs(path, source: "text", target: "text").pairs.prefix(count).map(\.target)
        }
        return try path.hasSuffix(".txt") ? Array(TextLines(path).sentences.prefix(count)) : nil
    }
}
