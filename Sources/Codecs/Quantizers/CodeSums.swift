import Tensors

/// What a batch says about each code: how many vectors chose it, their sum and the sum of their squares.
///
/// All three are sums over vectors, so microbatches add up to the batch.
struct CodeSums {
    /// `[K]`, `[K, D]`, `[K, D]`.
    var counts, sums, squares: Tensor

    /// - Parameter rows: `[N, D]`, detached.
    init(_ rows: Tensor, _ tokens: Tokens, codes: Int) {
        let width = rows.shape[1]
        counts = Tensor(tokens.counts(of: codes), [codes])
        sums = .zeros([codes, width])
        squares = .zeros([codes, width])
        let rows = rows.contiguous()
        backend.scatterAdd(rows, tokens.values, into: sums)
        backend.scatterAdd(rows * rows, tokens.values, into: squares)
    }

    private static let names = (counts: "code_counts", sums: "code_sums", squares: "code_squares")

    /// Out of the sums of a step; nil where another quantizer made them.
    init?(_ named: [String: Tensor]) {
        guard let counts = named[Self.names.counts], let sums = named[Self.names.sums],
            let squares = named[Self.names.squares]
        else { return nil }
        (self.counts, self.sums, self.squares) = (counts, sums, squares)
    }

    var named: [String: Tensor] {
        [Self.names.counts: counts, Self.names.sums: sums, Self.names.squares: squares]
    }

    /// New codes for `slots`, drawn around those whose vectors lie farthest from them in sum.
    ///
    /// A slot first draws a donor in proportion to its squared error, then a vector from the normal
    /// distribution with the mean and the deviations of the donor's vectors: as a vector picked from the
    /// batch, but made of sums alone. Nothing where every vector already lies on its code.
    func drawn(for slots: [Int], _ noise: Noise) -> [Int: [Float]] {
        let (codes, width) = sums.shape2
        let (n, s, q) = (counts.values, sums.values, squares.values)
        func variance(_ i: Int, _ count: Float) -> Double {
            let mean = Double(s[i]) / Double(count)
            return max(0, Double(q[i]) / Double(count) - mean * mean)
        }
        var cumulative: [Double] = []
        var total = 0.0
        for k in 0..<codes {
            if n[k] > 1 {
                for d in 0..<width { total += variance(k * width + d, n[k]) * Double(n[k]) }
            }
            cumulative.append(total)
        }
        guard total > 0 else { return [:] }
        var vectors: [Int: [Float]] = [:]
        for slot in slots {
            let place = noise(slot)
            let aim = place("donor").uniformDouble() * total
            // The first whose cumulative error exceeds the aim: binary search over a sorted list.
            var (low, high) = (0, codes - 1)
            while low < high {
                let middle = (low + high) / 2
                if cumulative[middle] > aim { high = middle } else { low = middle + 1 }
            }
            let around = place("around").normal([width]).values
            vectors[slot] = (0..<width).map { d in
                let i = low * width + d
                return s[i] / n[low] + Float(variance(i, n[low]).squareRoot()) * around[d]
            }
        }
        return vectors
    }
}
