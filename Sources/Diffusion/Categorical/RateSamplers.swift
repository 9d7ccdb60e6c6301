import Glibc
import Tensors

// Samplers of a chain in continuous time: tokens jump backwards at rates that follow from the ratios of marginals (Sun et al. 2023,
// arXiv 2211.16750, section 3; Campbell et al. 2022, arXiv 2205.14987). Both are exact only as steps grow many.

/// Every token jumps with the chance that its rates at the step's start give to first order, cut at 1.
public struct EulerTokens: IndependentTokenSampler {
    /// What the logits it is given speak of.
    public let kind: TokenLogits

    public init(of kind: TokenLogits = .clean) { self.kind = kind }

    public func logChances(from x: Tokens, _ step: TokenStep) -> Tensor { step.jumps(from: x, kind) { min(1, $0) } }
}

/// Every token jumps as often as a Poisson clock with the rates at the step's start says; codes have no order in which jumps could add
/// up, so that a token whose clock rings more than once stays (Campbell et al. 2022, section 4.3).
public struct TauLeapingTokens: IndependentTokenSampler {
    public let kind: TokenLogits

    public init(of kind: TokenLogits = .clean) { self.kind = kind }

    public func logChances(from x: Tokens, _ step: TokenStep) -> Tensor { step.jumps(from: x, kind) { $0 * exp(-$0) } }
}

extension TokenStep {
    /// Log chances `[B, N, K + 1]` of jumping, or staying, where `chance` turns a token's expected number of jumps into the chance of
    /// one.
    fileprivate func jumps(from x: Tokens, _ kind: TokenLogits, chance: (Double) -> Double) -> Tensor {
        let jumps = ReverseJumps(of: x, logits, kind, at: interval.now, corruption)
        let (width, span) = (corruption.codes + 1, interval.now - interval.next)
        var result = jumps.targets.values
        for i in x.values.indices {
            let moves = chance(span * jumps.rates[i])
            let shift = Float(log(max(moves, 1e-30)))
            let row = i * width
            for j in row..<row + width { result[j] += shift }
            result[row + Int(x.values[i])] = Float(log(max(1 - moves, 1e-30)))
        }
        return Tensor(result, jumps.targets.shape)
    }
}
