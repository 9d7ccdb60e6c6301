import Tensors

/// DPM-Solver++(2M): linear extrapolation of x0 in λ = ln(α/σ) through the step before (Lu et al. 2022,
/// algorithm 2, arXiv 2211.01095).
///
///     x_s = (σ_s / σ_t) x + α_s (1 - e^-h) (x0 + h / (2 h_before) (x0 - x0_before)),    h = λ_s - λ_t
///
/// Global error O(h²) with one prediction a step. The first step, one that ends at the data and, where asked,
/// the last are of first order.
public struct DPMSolver2M: Sampler, Equatable {
    public static let name = "dpm++2m"
    public let lowersFinalOrder: Bool
    /// 1 or 2.
    public let order: Int

    public init(order: Int = 2, lowersFinalOrder: Bool = true) {
        require(order == 1 || order == 2, "DPMSolver2M: order \(order)")
        self.order = order
        self.lowersFinalOrder = lowersFinalOrder
    }

    public func step(from x: Tensor, _ s: SamplingStep) -> Tensor {
        // e^-h, without logarithms, so that it is 0 and not undefined at the ends.
        let decay = (s.next.sigma * s.now.alpha) / (s.next.alpha * s.now.sigma)
        let gain = s.next.alpha - s.next.alpha * decay
        let shrunk = (s.next.sigma / s.now.sigma) * x
        let x0 = s.estimate.x0
        guard order == 2, let before = s.previous, !s.next.isClean, !(s.isLast && lowersFinalOrder) else {
            return shrunk + gain * x0
        }
        let step = s.next.logSNR - s.now.logSNR
        // Infinite where the step before began in pure noise; the extrapolation then vanishes.
        let stepBefore = s.now.logSNR - before.level.logSNR
        let slope = step.zip(stepBefore) { $0 / (2 * $1) }
        return shrunk + gain * x0 + (gain * slope) * (x0 - before.estimate.x0)
    }
}
