import Diffusion
import Metrics
import Tensors

/// Of several sentences that are made instead of one, the one that is said. Section `sample {candidates, rerank, judge}`: how many;
/// whether that is said which the others agree with most, `minimum_risk`, or what takes a judge the fewest nats for each token,
/// `likelihood`; and the judge, a model of `autoregressive-text`.
///
/// Not a module: the walker does not take the judge for a part of the model whose sentences it judges.
package final class CandidateChoice {
    private enum Rule: String, CaseIterable {
        case minimumRisk = "minimum_risk"
        case likelihood
    }

    /// Sentences that one is chosen from.
    let count: Int
    private let kinds: Int
    private let judge: SentenceJudge?

    /// The only sentence that is made.
    init() { (count, kinds, judge) = (1, 1, nil) }

    private init(count: Int, of other: CandidateChoice) { (self.count, kinds, judge) = (count, other.kinds, other.judge) }

    /// - Parameters:
    ///   - kinds: each of which there are so many candidates of.
    ///   - hasSource: sentences are made of others.
    package init(_ sample: Section, kinds: Int = 1, hasSource: Bool) throws {
        self.kinds = kinds
        count = kinds * (try sample.int("candidates", default: 1, in: 1...1000))
        let rule: Rule = try sample.choice("rerank", default: .minimumRisk)
        judge = rule == .likelihood ? try SentenceJudge(sample, hasSource: hasSource) : nil
    }

    /// Among as many as a request asks for, and what else it asks for.
    func asked(_ request: SampleRequest) -> (choice: CandidateChoice, rest: SampleRequest) {
        var rest = request
        rest.candidates = nil
        return (request.candidates.map { CandidateChoice(count: kinds * $0, of: self) } ?? self, rest)
    }

    /// What a film shows of sentences on their way, read from estimates. Candidates are not what is said: where there are several
    /// nobody watches them.
    func frame(_ texts: @escaping (Tensor) -> [String]) -> ((_ first: Int, SamplingProgress) -> FilmFrame)? {
        guard count == 1 else { return nil }
        return { FilmFrame(first: $0, index: $1.index, count: $1.count, texts: texts($1.x0)) }
    }

    /// What is said of a job whose candidates are there.
    func said(_ job: SampleJob, _ candidates: [String]) -> Sample {
        job.sample(text: candidates[best(of: candidates, madeOf: job.prompt)])
    }

    /// The number of the sentence that is said, the first of equals.
    package func best(of sentences: [String], madeOf source: String?) -> Int {
        guard sentences.count > 1 else { return 0 }
        guard let judge else { return MinimumRisk().best(of: sentences) }
        let rates = judge.rates(of: sentences, madeOf: source)
        return rates.indices.reduce(0) { rates[$1] < rates[$0] ? $1 : $0 }
    }

    func write(to target: String) throws { try judge?.write(to: target) }

    func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue { judge?.configuration(resolved) ?? resolved }
}
