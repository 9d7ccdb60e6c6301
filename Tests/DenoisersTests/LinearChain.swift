import Glibc

/// The linear chain of 1000 betas from 1e-4 to 0.02 in Double, straight from Ho et al. 2020, for tests only.
struct LinearChain {
    let betas = (0..<1000).map { 1e-4 + (0.02 - 1e-4) * Double($0) / 999 }
    /// Cumulative products of 1 - beta.
    let kept: [Double]

    init() {
        var product = 1.0
        var all: [Double] = []
        for beta in betas {
            product *= 1 - beta
            all.append(product)
        }
        kept = all
    }

    private func before(_ t: Int) -> Double { t > 0 ? kept[t - 1] : 1 }
    func logBeta(_ t: Int) -> Double { log(betas[t]) }
    /// Log of the posterior's variance, that of step 1 at step 0, where it would be minus infinity.
    func logPosterior(_ t: Int) -> Double {
        let s = max(t, 1)
        return log(betas[s] * (1 - before(s)) / (1 - kept[s]))
    }
    /// The posterior mean's factor of x0.
    func fromData(_ t: Int) -> Double { betas[t] * before(t).squareRoot() / (1 - kept[t]) }
}
