import Tensors

/// At the beginning of a run now and then forgets the state: x_s is drawn from what the estimate alone says of it, where else the
/// other sampler steps (Yuan et al. 2022, arXiv 2212.10325).
///
///     x_s = α_s x0 + σ_s z
///
/// Each sample tosses its own coin at each step.
public struct MixedSampler: Sampler {
    public let base: any Sampler
    /// How often a sample forgets, and in which first share of the steps.
    public let probability, share: Double

    public init(_ base: any Sampler, probability: Double, share: Double) {
        require((0...1).contains(probability) && (0...1).contains(share), "MixedSampler: \(probability) of \(share)")
        (self.base, self.probability, self.share) = (base, probability, share)
    }

    public func step(from x: Tensor, _ s: SamplingStep) -> Tensor {
        let usual = base.step(from: x, s)
        guard Double(s.index) < share * Double(s.count), !s.next.isClean else { return usual }
        let forgets = s.coins().map { $0 < probability }
        guard forgets.contains(true) else { return usual }
        let fresh = s.next.alpha * s.estimate.x0 + s.next.sigma * s.noise()
        let flags = Tensor(forgets.map { $0 ? 1 : 0 }, [forgets.count] + [Int](repeating: 1, count: x.rank - 1))
        return select(flags, fresh, usual)
    }
}
