import Glibc
import Tensors

/// How tokens jump backwards at a time: rates R(j → x) p(j) / p(x), where the ratio of marginals follows from what a network says of
/// each token (Sun et al. 2023, arXiv 2211.16750, equations 6 and 8; Campbell et al. 2022, arXiv 2205.14987, proposition 3).
struct ReverseJumps {
    /// Jumps of each token to expect per unit of time, `B · N` numbers.
    let rates: [Double]
    /// Log chances of where a jump leads, the mask last: `[B, N, K + 1]`.
    let targets: Tensor

    /// - Parameter kind: what the logits `[B, N, K]` speak of.
    init(of x: Tokens, _ logits: Tensor, _ kind: TokenLogits, at t: Double, _ corruption: CategoricalCorruption) {
        let (K, mask) = (corruption.codes, corruption.mask)
        let now = corruption.schedule.level(at: t)
        let (lost, masked) = corruption.schedule.rates(at: t)
        let replaced = (lost - masked) / Double(K)

        // The chance of code j at this time is keep p_j w_j + replace S. Weights divide by the token's own likelihood where the
        // chances p of x0 were told the token. The ratio's divisor is then 1, else the chance of the token itself.
        let sees = kind == .clean
        let own = sees ? 1 / max(now.keep + now.replace, 1e-30) : 1
        let other = sees ? (now.replace > 0 ? 1 / now.replace : 0) : 1
        let (keep, replace) = kind == .presentFromOthers ? (1, 0) : (now.keep, now.replace)
        let code = CategoricalRow(
            weight: other, ownWeight: own, factor: 1, ownFactor: 0, keep: keep, replace: replace, masked: 0)
        let hidden = CategoricalRow(
            weight: 1, ownWeight: 1, factor: 1, ownFactor: 1, keep: keep, replace: replace, masked: 0)
        targets = categoricalPosterior(logits, x, x.values.map { $0 == mask ? hidden : code })
        let chances = logits.softmax().values
        rates = x.values.indices.map { i in
            let token = Int(x.values[i])
            if token >= K { return masked * (1 - now.mask) / max(now.mask, 1e-30) }
            let p = Double(chances[i * K + token])
            let S = other * (1 - p) + own * p
            let others = keep * other * (1 - p) + Double(K - 1) * replace * S
            return replaced * others / (sees ? 1 : max(keep * p + replace, 1e-30))
        }
    }
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
