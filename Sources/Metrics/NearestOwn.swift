import Tensors

/// Whether samples lie nearer to what they should show than to random others: a test of text-to-image
/// without a judge.
public struct NearestOwn: Sendable, Equatable {
    /// For each sample how many of its random others are at least as near as its own item; 0 is a hit.
    public let ranks: [Int]
    /// Others each sample was compared with.
    public let others: Int

    /// Share of samples nearer to their own item than to all the others.
    public var share: Double { ranks.isEmpty ? 0 : Double(hits) / Double(ranks.count) }
    public var hits: Int { ranks.count { $0 == 0 } }

    /// Compares by Euclidean distance, in f64.
    ///
    ///     samples: [N, ...], references: [M, ...] of the same size, own: N indices into the references
    ///
    /// - Parameters:
    ///   - others: how many different references, none of them the own, each sample is compared with; at most M - 1.
    ///   - noise: sample i draws its others at `noise(i)`, so a sample's others do not depend on the rest.
    public init(samples: Tensor, own: [Int], references: Tensor, others: Int, noise: Noise) {
        let (n, m) = (samples.shape[0], references.shape[0])
        require(
            samples.shape.dropFirst() == references.shape.dropFirst() && own.count == n,
            "NearestOwn: samples \(samples.shape), references \(references.shape), \(own.count) indices")
        require(own.allSatisfy { $0 >= 0 && $0 < m }, "NearestOwn: an index is outside 0..<\(m)")
        require(others >= 1 && others < m, "NearestOwn: \(others) others of \(m) references")
        let width = samples.count / max(1, n)
        let (x, y) = (samples.values, references.values)
        func distance(_ i: Int, _ j: Int) -> Double {
            var sum = 0.0
            for k in 0..<width {
                let d = Double(x[i * width + k]) - Double(y[j * width + k])
                sum += d * d
            }
            return sum
        }
        self.others = others
        ranks = (0..<n).map { i in
            let drawn = noise(i).permutation(m - 1).prefix(others).map { $0 < own[i] ? $0 : $0 + 1 }
            let near = distance(i, own[i])
            // Not "farther" rather than "nearer", so that a sample of NaN counts against itself.
            return drawn.count { !(distance(i, $0) > near) }
        }
    }
}
