import Diffusion
import Networks
import Tensors

/// Of several that a model of tokens makes for a job, the one that is kept. Section `sample {candidates, rerank, judge}`: how many; whether
/// that is kept which the model itself finds likeliest, `likelihood`, or which fits the caption best, `match`, as a judge sees it that
/// was trained for this, a model of `clip` (as DALL-E's samples are chosen, Ramesh et al. 2021, arXiv 2102.12092, section 2.6), or
/// which is ahead by `both`: by the sum of how many deviations of its set it is above the set's mean.
///
/// Not a module: the walker does not take the judge for a part of the model whose samples it judges.
package final class TokenCandidates {
    private enum Rule: String, CaseIterable { case likelihood, match, both }

    private let usual: Int
    private let judge: MediaJudge?
    private let asksItself: Bool
    private let generator: TokenGenerator
    private let ground: TokenGround
    /// Of the bound, that candidates are told apart by.
    private static let terms = 32

    init(_ sample: Section, _ ground: TokenGround, _ generator: TokenGenerator) throws {
        (self.ground, self.generator) = (ground, generator)
        usual = try sample.int("candidates", default: 1, in: 1...1000)
        let rule: Rule = try sample.choice("rerank", default: .likelihood)
        judge = rule == .likelihood ? nil : try MediaJudge(sample, ground)
        asksItself = rule != .match
        do { try check(usual) } catch {
            throw sample.error("candidates", error.what, expected: error.expected, found: error.found)
        }
    }

    private func check(_ count: Int) throws(InputError) {
        guard count == 1 || !asksItself || generator.categorical.objective.logits != .presentFromOthers else {
            throw InputError(
                "cannot be chosen from by chances that do not speak of clean tokens", at: "--candidates", expected: "1",
                found: "\(count)")
        }
    }

    /// How many are made for each job of a request.
    func count(_ request: SampleRequest) throws(InputError) -> Int {
        let count = request.candidates ?? usual
        try check(count)
        guard count == 1 || request.film == nil else {
            throw InputError("nobody watches several candidates", at: "--film", expected: "--candidates 1", found: "\(count)")
        }
        return count
    }

    /// How good tokens `[B, N]` of some jobs are, for each what each of those says who are asked, the best the highest. Candidates of a job lose
    /// the same tokens for the bound, so that luck is the same for all.
    func scores(
        _ tokens: Tokens, of jobs: [SampleJob], through window: SlidingWindow, _ denoiser: any Denoiser
    ) -> [[Float]] {
        var opinions: [[Float]] = []
        if let judge { opinions.append(judge.scores(ground.decoded(tokens, window), jobs.map { $0.prompt ?? "" })) }
        if asksItself {
            let nats = generator.nats(
                tokens, jobs.map { Noise(seed: $0.seed)("candidates") }, terms: Self.terms, through: window, denoiser,
                told: ground.listener.conditions(of: jobs, negative: nil).told)
            guard let nats else { fatalError("TokenCandidates: chances that do not speak of clean tokens") }
            opinions.append(nats.values.map { -$0 })
        }
        return jobs.indices.map { row in opinions.map { $0[row] } }
    }

    /// The number of the best of a set, the first of equals.
    package static func best(of scores: [[Float]]) -> Int {
        let sums = scores[0].count == 1 ? scores.map { $0[0] } : standardised(scores)
        return sums.indices.reduce(0) { sums[$1] > sums[$0] ? $1 : $0 }
    }

    /// Sums of deviations from the mean.
    private static func standardised(_ scores: [[Float]]) -> [Float] {
        let count = Float(scores.count)
        return scores[0].indices.reduce(into: [Float](repeating: 0, count: scores.count)) { sums, column in
            let said = scores.map { $0[column] }
            let mean = said.reduce(0, +) / count
            let deviation = (said.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
            guard deviation > 0 else { return }
            for i in sums.indices { sums[i] += (said[i] - mean) / deviation }
        }
    }

    func write(to target: String) throws { try judge?.write(to: target) }

    func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue { judge?.configuration(resolved) ?? resolved }
}
