import Glibc
import Networks
import Tensors

/// Finite scalar quantization: each number is bounded and rounded to one of a few levels (Mentzer et al. 2023, arXiv 2309.15505,
/// appendix A.1).
///
///     h: [B, h, w, D], one number for each of D levels
///
/// There is no codebook and no loss for one: a token counts its levels as digits, the first one fastest.
public final class FSQ: Module, Quantizer {
    /// Different values of each number.
    public let levels: [Int]
    /// `[D]`: half the range, how far the range of an even number of levels is moved, by which shift before tanh, and levels / 2.
    private let half, offset, shift, halfWidth: Tensor

    public init(levels: [Int]) {
        require(!levels.isEmpty && levels.allSatisfy { $0 >= 2 }, "FSQ: levels \(levels)")
        self.levels = levels
        let ranges = levels.map { Float($0 - 1) * (1 - 1e-3) / 2 }
        let offsets: [Float] = levels.map { $0 % 2 == 1 ? 0 : 0.5 }
        func row(_ values: [Float]) -> Tensor { Tensor(values, [levels.count]) }
        half = row(ranges)
        offset = row(offsets)
        // tan as published; atanh would carry 0 exactly to 0, but has no value for two levels.
        shift = row(zip(offsets, ranges).map { tanf($0 / $1) })
        halfWidth = row(levels.map { Float($0 / 2) })
        super.init()
    }

    public var width: Int { levels.count }
    public var codes: Int { levels.reduce(1, *) }

    /// Numbers whose nearest integers are the levels, -⌊L / 2⌋ up to ⌊(L - 1) / 2⌋.
    private func bounded(_ h: Tensor) -> Tensor { (h.cast(to: .f32) + shift).tanh() * half - offset }

    public func tokens(of h: Tensor) -> Tokens { tokens(ofLevels: bounded(h).rounded()) }

    private func tokens(ofLevels numbers: Tensor) -> Tokens {
        let digits = (numbers + halfWidth).values
        let tokens = (0..<digits.count / width).map { row in
            (0..<width).reversed().reduce(Int32(0)) { $0 * Int32(levels[$1]) + Int32(digits[row * width + $1]) }
        }
        return Tokens(tokens, Array(numbers.shape.dropLast()))
    }

    public func tokens(of h: Tensor, among kept: [Int]) -> Tokens {
        nearestCodes((bounded(h) / halfWidth).reshaped([-1, width]).detached(), vectors(of: Tokens(kept)))
            .reshaped(Array(h.shape.dropLast()))
    }

    public func vectors(of tokens: Tokens) -> Tensor {
        var digits: [Float] = []
        digits.reserveCapacity(tokens.count * width)
        for token in tokens.values {
            require(token >= 0 && Int(token) < codes, "FSQ: token \(token) outside 0..<\(codes)")
            var rest = Int(token)
            for level in levels {
                digits.append(Float(rest % level))
                rest /= level
            }
        }
        return (Tensor(digits, tokens.shape + [width]) - halfWidth) / halfWidth
    }

    /// Sums over examples: `code_perplexity` of the codes of this pass.
    public func quantize(_ h: Tensor, places: [Noise], step: Int) -> Quantized {
        let numbers = bounded(h)
        let rounded = numbers.detached().rounded()
        let tokens = tokens(ofLevels: rounded)
        return Quantized(
            vectors: straightThrough(rounded / halfWidth, like: numbers / halfWidth), tokens: tokens, loss: Tensor(0),
            sums: ["code_perplexity": Tensor(perplexity(of: tokens.counts(of: codes)) * Float(h.shape[0]))])
    }
}
