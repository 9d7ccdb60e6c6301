import Tensors

/// What became of a token at some time: it is itself with chance `keep`, besides each of the K codes with chance `replace`, and
/// the mask with chance `mask`; keep + K replace + mask = 1 (Gu et al. 2022, arXiv 2111.14822, equation 8).
public struct CategoricalLevel: Sendable, Equatable {
    public let keep, replace, mask: Double

    public init(keep: Double, replace: Double, mask: Double) {
        self.keep = keep
        self.replace = replace
        self.mask = mask
    }

    /// Whatever is neither kept nor masked is spread over the codes.
    public init(keep: Double, mask: Double, codes: Int) {
        self.init(keep: keep, replace: max(0, 1 - keep - mask) / Double(codes), mask: mask)
    }

    public static let clean = CategoricalLevel(keep: 1, replace: 0, mask: 0)

    /// What happens between `earlier`, nearer to the data, and this: a code is kept, replaced and masked with these chances.
    func since(_ earlier: CategoricalLevel, codes: Int) -> CategoricalLevel {
        let kept = earlier.keep > 0 ? keep / earlier.keep : 0
        let masked = earlier.mask < 1 ? 1 - (1 - mask) / (1 - earlier.mask) : 0
        return CategoricalLevel(keep: kept, mask: max(0, masked), codes: codes)
    }
}

extension CategoricalRow {
    /// The posterior of a token between `now` and the cleaner `next`, any stride apart (Gu et al. 2022, equation 5, with the
    /// transition ā_t / ā_s in place of one step's).
    ///
    /// - Parameters:
    ///   - isMasked: the token at `now` is the mask.
    ///   - seesToken: the predicted chances are p(x0 | x_t). Those of a network that was not shown the token itself are
    ///     p(x0 | the others), and are not divided by the token's own likelihood (Sun et al. 2023, arXiv 2211.16750, equation 16).
    public init(
        isMasked: Bool, from now: CategoricalLevel, to next: CategoricalLevel, codes: Int, seesToken: Bool = true
    ) {
        let step = now.since(next, codes: codes)
        if isMasked {
            let inverse = now.mask > 0 ? 1 / now.mask : 0
            self.init(
                weight: 1, ownWeight: 1, factor: step.mask * inverse, ownFactor: step.mask * inverse, keep: next.keep,
                replace: next.replace, masked: next.mask * inverse)
        } else {
            self.init(
                weight: seesToken ? (now.replace > 0 ? 1 / now.replace : 0) : 1,
                ownWeight: seesToken ? 1 / max(now.keep + now.replace, 1e-30) : 1, factor: step.replace,
                ownFactor: step.keep + step.replace, keep: next.keep, replace: next.replace, masked: 0)
        }
    }
}
