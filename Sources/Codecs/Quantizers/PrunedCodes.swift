import Networks
import Tensors

/// A quantizer of whose codes only those are left that data make use of (Gu et al. 2022, arXiv 2111.14822, who keep 2886 of 8192).
///
/// All codes take part in training. `keep` drops the others afterwards: the kept ones are numbered anew in their old order, and a
/// vector whose code is gone takes the nearest of the kept. Shapes stay those of all codes, so that a file says by itself which
/// are left.
public final class PrunedCodes: Module, Quantizer {
    public let all: any Quantizer
    /// `[K]`: a code's new number, -1 where it was dropped.
    let remap: Buffer

    public init(_ all: any Quantizer) {
        self.all = all
        remap = Buffer(.arange(all.codes))
        super.init()
    }

    /// Old numbers of the codes that are left, in order.
    public var kept: [Int] { remap.value.values.enumerated().filter { $1 >= 0 }.map(\.offset) }
    public var codes: Int { remap.value.values.count { $0 >= 0 } }
    public var width: Int { all.width }
    public var learns: Bool { all.learns }

    /// Drops every code that none of `tokens`, numbers of all codes, is.
    public func keep(_ tokens: Set<Int32>) {
        require(!tokens.isEmpty, "PrunedCodes: no code would be left")
        var next: Float = 0
        let numbers = (0..<all.codes).map { code -> Float in
            guard tokens.contains(Int32(code)) else { return -1 }
            defer { next += 1 }
            return next
        }
        remap.value = Tensor(numbers, [all.codes])
    }

    public func tokens(of h: Tensor) -> Tokens {
        let kept = kept
        return kept.count == all.codes ? all.tokens(of: h) : all.tokens(of: h, among: kept)
    }

    public func tokens(of h: Tensor, among some: [Int]) -> Tokens {
        let kept = kept
        return all.tokens(of: h, among: some.map { kept[$0] })
    }

    public func vectors(of tokens: Tokens) -> Tensor {
        let kept = kept
        return all.vectors(of: Tokens(tokens.values.map { Int32(kept[Int($0)]) }, tokens.shape))
    }

    public func quantize(_ h: Tensor, places: [Noise], step: Int) -> Quantized {
        all.quantize(h, places: places, step: step)
    }

    public func prepare(with h: Tensor, noise: Noise) { all.prepare(with: h, noise: noise) }

    /// Codes that learn again are all of use again.
    public func commit(_ sums: [String: Tensor], step: Int) {
        all.commit(sums, step: step)
        if learns, codes < all.codes { remap.value = .arange(all.codes) }
    }
}
