import Media
import Metrics
import Networks
import Systems
import Tensors
import Training

/// What a model finds of sentences: sums over their tokens, ends included.
struct SentenceChances {
    private(set) var nats = 0.0
    /// Of each sentence, without its end.
    private(set) var tokens: [[Int32]] = []
    /// What the tokens say.
    private(set) var texts: [String] = []
    /// Sentences that lost their ends because the model reads no more.
    private(set) var cut = 0

    /// Ends included.
    var tokenCount: Int { tokens.reduce(0) { $0 + $1.count + 1 } }
    var natsPerToken: Double { nats / Double(tokenCount) }
    /// Mean over the sentences, in nats.
    var entropy: Double { UnigramEntropy(meanOf: tokens).nats }

    /// - Parameter batch: examples computed together; changes no digit.
    init(of examples: [Example], under system: any LikelihoodSystem, batch: Int, quiet: Bool) throws {
        guard case .text(let form) = system.form else { fatalError("SentenceChances: \(type(of: system).name) has no sentences") }
        let bar = ProgressBar("likelihood", total: examples.count, unit: "sentence", quiet: quiet)
        for rows in pieces(examples.count, of: batch) {
            let part = Array(examples[rows])
            let media = try system.form.media(of: part, from: rows.lowerBound)
            let found = TextForm.tokens(media).values
            tokens += part.indices.map { i in
                Array(found[i * form.length..<(i + 1) * form.length].prefix { $0 != form.end && $0 != form.padding })
            }
            texts += system.form.texts(media)
            cut += part.count { form.count($0.text ?? "") > form.length }
            let batch = Batch(
                media: media, captions: part.map { $0.caption ?? "" }, labels: part.map { $0.label ?? 0 },
                places: rows.map { Noise(seed: 0)("likelihood")($0) })
            nats += try system.nats(batch).values.reduce(0) { $0 + Double($1) }
            bar.update(rows.upperBound)
        }
        bar.finish()
    }
}

/// A language model that says how likely texts are, whatever they were made from.
struct Judge {
    let system: any LikelihoodSystem
    let fingerprint: String

    /// - Parameter path: a model directory.
    init(_ path: String?) throws {
        let wanted = "a model of \(AutoregressiveTextSystem.name) that is told nothing"
        guard let path else { throw InputError("is needed to say how likely samples are", at: "--judge", expected: wanted) }
        let loaded = try ModelDirectory.load(path)
        guard let system = loaded.system as? AutoregressiveTextSystem else {
            throw InputError(
                "is no judge of sentences", at: "--judge \(path)", expected: wanted, found: type(of: loaded.system).name)
        }
        guard system.textReader == nil, system.classCount == 0 else {
            throw InputError(
                "judges sentences by what they are made from", at: "--judge \(path)", expected: wanted,
                found: "condition.kind: \(system.textReader == nil ? "class" : "text")")
        }
        self.system = system
        fingerprint = loaded.fingerprint
    }
}
