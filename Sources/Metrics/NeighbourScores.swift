import Tensors

/// How well a set of samples lies among a set of real things, and covers them, by nearest neighbours in a space of features.
///
/// A ball around each row reaches to its k-th nearest neighbour in its own set. Precision and recall: Kynkäänniemi et al. 2019
/// (arXiv 1904.06991), equation 1. Density and coverage: Naeem et al. 2020 (arXiv 2002.09797), equations 3 and 4. A distance
/// equal to a ball's radius is outside it, as in the program of the latter.
public struct NeighbourScores: Sendable, Equatable {
    /// Share of samples within the ball of any real row: is what is drawn real?
    public let precision: Double
    /// Share of real rows within the ball of any sample: can all of it be drawn?
    public let recall: Double
    /// Balls of real rows that a sample lies in, divided by k, mean over the samples; about 1 for samples of the same law.
    public let density: Double
    /// Share of real rows with a sample in their ball; about 1 - 2^-k for as many samples of the same law.
    public let coverage: Double

    /// - Parameters:
    ///   - real: `[N, F]`, N > `neighbours`.
    ///   - samples: `[M, F]`, M > `neighbours`.
    ///   - neighbours: k.
    public init(real: Tensor, samples: Tensor, neighbours: Int = 5) {
        let (n, m) = (real.shape[0], samples.shape[0])
        require(
            neighbours > 0 && n > neighbours && m > neighbours, "NeighbourScores: \(neighbours) neighbours of \(n) and \(m) rows")
        let ofReal = PairDistances.radii(real, neighbours: neighbours)
        let ofSamples = PairDistances.radii(samples, neighbours: neighbours)
        let radii = ofSamples.map { Float($0) }
        let pairs = PairDistances(real, samples)
        let counts = pairs.blocks({ Counts(samples: m) }) { counts, row in
            let radius = ofReal[row.index]
            // Beyond these nothing is inside, whatever the doubt.
            let reach = Float(radius) * (1 + 0x1p-22) + row.doubt
            let slack = row.doubt
            var (covered, recalled) = (false, false)
            for (j, d) in row.distances.enumerated() where d <= reach || d <= radii[j] * (1 + 0x1p-22) + slack {
                // Where it is close, the exact distance decides.
                let isSure = abs(d - Float(radius)) > 2 * slack && abs(d - radii[j]) > 2 * slack
                let distance = isSure ? Double(d) : pairs.exact(row.index, j)
                if distance < radius {
                    counts.balls[j] += 1
                    covered = true
                }
                if distance < ofSamples[j] { recalled = true }
            }
            if covered { counts.covered += 1 }
            if recalled { counts.recalled += 1 }
        }
        let balls = counts.reduce(into: [Int](repeating: 0, count: m)) { sum, part in
            for j in 0..<m { sum[j] += part.balls[j] }
        }
        precision = Double(balls.count { $0 > 0 }) / Double(m)
        recall = Double(counts.reduce(0) { $0 + $1.recalled }) / Double(n)
        density = Double(balls.reduce(0, +)) / Double(neighbours * m)
        coverage = Double(counts.reduce(0) { $0 + $1.covered }) / Double(n)
    }

    /// What some real rows say.
    private struct Counts {
        /// For each sample, in how many of their balls it lies.
        var balls: [Int]
        var covered = 0
        var recalled = 0

        init(samples: Int) { balls = [Int](repeating: 0, count: samples) }
    }
}
