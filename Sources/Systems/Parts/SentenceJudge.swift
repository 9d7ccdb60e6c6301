import Media
import Networks
import Tensors

/// A model of `autoregressive-text` that says how likely sentences are.
struct SentenceJudge {
    private let reference: JudgeReference
    private let system: AutoregressiveTextSystem
    private let form: TextForm
    /// Sentences that are judged together; changes no number.
    private static let batch = 32

    /// Key `judge`, a model directory.
    ///
    /// - Parameter hasSource: sentences are made of others, which the judge may be told.
    init(_ sample: Section, hasSource: Bool) throws {
        reference = try JudgeReference(sample)
        let wanted = "a model of \(AutoregressiveTextSystem.name) that is told nothing" + (hasSource ? " or the source" : "")
        guard let judge = reference.system as? AutoregressiveTextSystem, case .text(let text) = judge.form else {
            throw sample.error("judge", "is no judge of sentences", expected: wanted, found: type(of: reference.system).name)
        }
        guard judge.classCount == 0, hasSource || judge.textReader == nil else {
            throw sample.error(
                "judge", "judges sentences by what nobody can tell it", expected: wanted,
                found: "condition.kind: \(judge.textReader == nil ? "class" : "text")")
        }
        (system, form) = (judge, text)
    }

    /// Nats that each token of a sentence takes, its end counted; a sentence that is longer than the judge reads is cut.
    func rates(of sentences: [String], madeOf source: String?) -> [Double] {
        pieces(sentences.count, of: Self.batch).flatMap { rows in
            let some = Array(sentences[rows])
            let tokens = form.tokens(some)
            let nats = system.nats(
                Batch(
                    media: TextForm.media(tokens), captions: some.map { _ in source ?? "" }, labels: some.map { _ in 0 },
                    places: rows.map { Noise(seed: 0)($0) }))
            return zip(nats.values, form.mask(tokens).sum(1).values).map { Double($0) / Double($1) }
        }
    }

    func write(to target: String) throws { try reference.write(to: target) }
    func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue { reference.configuration(resolved) }
}
