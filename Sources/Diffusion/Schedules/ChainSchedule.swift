import Tensors

/// A chain of T steps that each mix in a little noise: step k is time k / T and ᾱ_k = Π (1 - β) (Ho et al.
/// 2020, arXiv 2006.11239).
///
/// Published networks count steps from 0, so they are told k - 1. Between steps σ/α is interpolated linearly.
public struct ChainSchedule: Schedule, Equatable {
    public static let name = "chain"

    /// β_1 ... β_T.
    public let betas: [Double]
    /// ᾱ_0 = 1, ᾱ_1, ... ᾱ_T.
    public let alphaBars: [Double]

    /// - Parameter betas: each in (0, 1]; only the last may be 1.
    public init(betas: [Double]) throws(InputError) {
        guard !betas.isEmpty else { throw InputError("a noise schedule needs at least one step", at: "betas") }
        for (i, beta) in betas.enumerated() where !(beta > 0 && (beta < 1 || beta == 1 && i == betas.count - 1)) {
            throw InputError(
                "noise variance of step \(i + 1) of \(betas.count) is impossible", at: "betas",
                expected: "a number in (0, 1)",
                found: "\(beta)", hint: "more steps or smaller betas")
        }
        self.betas = betas
        alphaBars = betas.reduce(into: [1]) { $0.append($0.last! * (1 - $1)) }
    }

    /// - Parameter zeroTerminalSNR: shifts and scales √ᾱ so that nothing is left of the data at the last step
    ///   (Lin et al. 2023, algorithm 1, arXiv 2305.08891). ε is then not learnable there: use v or x0.
    public init(_ table: BetaTable = .linear(), steps: Int = 1000, zeroTerminalSNR: Bool = false) throws(InputError) {
        let betas = try table.betas(steps: steps)
        guard zeroTerminalSNR else {
            try self.init(betas: betas)
            return
        }
        guard steps > 1 else {
            throw InputError("zero terminal SNR needs at least two steps", at: "steps", found: "\(steps)")
        }
        var product = 1.0
        let roots = betas.map { beta -> Double in
            product *= 1 - beta
            return product.squareRoot()
        }
        let (first, last) = (roots[0], roots[roots.count - 1])
        let rescaled = roots.map { ($0 - last) * first / (first - last) }
        try self.init(
            betas: rescaled.indices.map { i in
                let before = i == 0 ? 1 : rescaled[i - 1]
                return 1 - (rescaled[i] / before) * (rescaled[i] / before)
            })
    }

    public var steps: Int { betas.count }

    /// σ/α is no measure of anything at the end of a cosine chain, and infinite at that of one with zero
    /// terminal SNR.
    public var coordinates: PathCoordinates { alphaBars.last! > 1e-6 ? .ratio : .straight }

    public func alpha(_ t: Double) -> Double { mix(t).alpha }
    public func sigma(_ t: Double) -> Double { mix(t).sigma }
    public func networkTime(_ t: Double) -> Double { position(t) - 1 }

    /// Time of step k.
    public func time(step k: Int) -> Double { Double(k) / Double(steps) }

    /// Steps from the data, a whole number where rounding of the time alone kept it from being one.
    func position(_ t: Double) -> Double {
        let k = min(max(t, 0), 1) * Double(steps)
        return abs(k - k.rounded()) < 5e-4 ? k.rounded() : k
    }

    private func knot(_ k: Int) -> (alpha: Double, sigma: Double) {
        (alphaBars[k].squareRoot(), (1 - alphaBars[k]).squareRoot())
    }

    private func mix(_ t: Double) -> (alpha: Double, sigma: Double) {
        let k = position(t)
        let below = knot(Int(k))
        let part = k - k.rounded(.down)
        if part == 0 { return below }
        let above = knot(Int(k) + 1)
        guard above.alpha > 0 else {
            let alpha = below.alpha * (1 - part)
            return (alpha, (1 - alpha * alpha).squareRoot())
        }
        let low = below.sigma / below.alpha
        let ratio = low + part * (above.sigma / above.alpha - low)
        let alpha = 1 / (1 + ratio * ratio).squareRoot()
        return (alpha, ratio * alpha)
    }
}
