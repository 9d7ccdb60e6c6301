import Glibc
import Networks
import Tensors

/// Points as bits: each coordinate's cell out of 2^bits in Gray code, where neighbouring cells differ in one bit. Nothing is learned
/// (the synthetic task of Sun et al. 2023, arXiv 2211.16750).
///
///     points: [B, 1, 1, D]; what lies outside of [-reach, reach] goes to the nearest cell
///     tokens: [B, D, bits] of two codes, the coarsest bit first
public final class GrayCode: Module, Codec {
    public let size, bits: Int
    public let reach: Double

    public init(size: Int = 2, bits: Int = 16, reach: Double = 2) {
        require(size > 0 && (1...24).contains(bits) && reach > 0, "GrayCode: \(size) numbers, \(bits) bits, reach \(reach)")
        self.size = size
        self.bits = bits
        self.reach = reach
        super.init()
    }

    public var module: Module { self }
    public var mediaShape: [Int] { [1, 1, size] }
    public var latents: LatentSpec { LatentSpec(kind: .tokens(codes: 2), shape: [size, bits]) }

    public func encode(_ x: Tensor) -> Encoding {
        let B = x.shape[0]
        require(x.shape == [B] + mediaShape, "GrayCode: points of shape \(x.shape)")
        let cells = Double(1 << bits)
        var tokens: [Int32] = []
        tokens.reserveCapacity(B * size * bits)
        for value in x.values {
            let place = (Double(value) + reach) / (2 * reach) * cells
            // What is no number goes to the first cell.
            let cell = place > 0 ? Int(min(cells - 1, place)) : 0
            let code = cell ^ (cell >> 1)
            for bit in (0..<bits).reversed() { tokens.append(Int32(code >> bit & 1)) }
        }
        return .tokens(Tokens(tokens, [B, size, bits]))
    }

    /// The middle of each cell.
    public func decode(_ latents: Encoding) -> Tensor {
        guard case .tokens(let tokens) = latents, tokens.count % (size * bits) == 0 else {
            fatalError("GrayCode: not tokens of \(size) numbers with \(bits) bits")
        }
        let cells = Double(1 << bits)
        let values = stride(from: 0, to: tokens.count, by: bits).map { first -> Float in
            // Each bit of the cell is the sum of all coarser ones of its code.
            var (cell, bit) = (0, 0)
            for token in tokens.values[first..<first + bits] {
                bit ^= Int(token)
                cell = cell << 1 | bit
            }
            return Float((Double(cell) + 0.5) / cells * 2 * reach - reach)
        }
        return Tensor(values, [values.count / size] + mediaShape)
    }
}
