import Glibc
import Tensors

// Samplers of a chain in continuous time: tokens jump backwards at rates that follow from the ratios of marginals (Sun et al. 2023,
// arXiv 2211.16750, section 3; Campbell et al. 2022, arXiv 2205.14987). Both are exact only as steps grow many.

/// Every token jumps with the chance that its rates at the step's start give to first order, cut at 1.
public struct EulerTokens: IndependentTokenSampler {
    public init() {}

    public func logChances(from x: Tokens, _ step: TokenStep) -> Tensor { step.jumps(from: x) { min(1, $0) } }
}

/// Every token jumps as often as a Poisson clock with the rates at the step's start says; codes have no order in which jumps could add
/// up, so that a token whose clock rings more than once stays (Campbell et al. 2022, section 4.3).
public struct TauLeapingTokens: IndependentTokenSampler {
    public init() {}

    public func logChances(from x: Tokens, _ step: TokenStep) -> Tensor { step.jumps(from: x) { $0 * exp(-$0) } }
}

extension CategoricalSchedule {
    /// Rates at which a code is lost and, of that, masked, per unit of time: -d ln(keep) / dt and -d ln(1 - mask) / dt.
    func rates(at t: Double) -> (lost: Double, masked: Double) {
        let h = 1e-5
        let (before, after) = (level(at: max(0, t - h)), level(at: min(1, t + h)))
        let span = min(1, t + h) - max(0, t - h)
        return (log(before.keep / after.keep) / span, log((1 - before.mask) / (1 - after.mask)) / span)
    }
}

extension TokenStep {
    /// Log chances `[B, N, K + 1]` of jumping, or staying, where `chance` turns a token's expected number of jumps into the chance of
    /// one.
    fileprivate func jumps(from x: Tokens, chance: (Double) -> Double) -> Tensor {
        let (K, mask) = (corruption.codes, corruption.mask)
        let now = corruption.schedule.level(at: interval.now)
        let (lost, masked) = corruption.schedule.rates(at: interval.now)
        let replaced = (lost - masked) / Double(K)
        let span = interval.now - interval.next

        // The reverse rate to code j is R(j → x) p(j) / p(x), a ratio mixed over x0: the same sum as a posterior's.
        let own = now.keep + now.replace > 0 ? 1 / (now.keep + now.replace) : 0
        let other = now.replace > 0 ? 1 / now.replace : 0
        let code = CategoricalRow(
            weight: other, ownWeight: own, factor: 1, ownFactor: 0, keep: now.keep, replace: now.replace, masked: 0)
        let hidden = CategoricalRow(
            weight: 1, ownWeight: 1, factor: 1, ownFactor: 1, keep: now.keep, replace: now.replace, masked: 0)
        var result = categoricalPosterior(logits, x, x.values.map { $0 == mask ? hidden : code }).values
        let chances = logits.softmax().values
        for i in x.values.indices {
            let token = Int(x.values[i])
            var jumps = span * masked * (1 - now.mask) / max(now.mask, 1e-30)
            if token < K {
                let p = Double(chances[i * K + token])
                let S = other * (1 - p) + own * p
                jumps = span * replaced * (now.keep * other * (1 - p) + Double(K - 1) * now.replace * S)
            }
            let moves = chance(jumps)
            let shift = Float(log(max(moves, 1e-30)))
            let row = i * (K + 1)
            for j in row...row + K { result[j] += shift }
            result[row + token] = Float(log(max(1 - moves, 1e-30)))
        }
        return Tensor(result, x.shape + [K + 1])
    }
}
