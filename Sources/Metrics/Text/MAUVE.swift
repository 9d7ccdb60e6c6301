import Tensors

/// MAUVE (Pillutla et al. 2021, arXiv 2102.01454): how near a set of samples lies to a set of real things, by their shares of clusters
/// that both are quantised to together.
///
/// Numbers are comparable over the same features, counts and clusters only. The published ones look through GPT-2; from histograms on
/// they are those of mauve-text 0.4.0. Where points of the curve lie exactly above each other, as with equal histograms, that program
/// depends on the order a sort leaves them in, and may say 0.75 where it is 1 here.
public struct MAUVE: Sendable {
    /// Nil: a tenth of the smaller set's rows, and at least 2.
    public let clusters: Int?
    /// c: how fast similarity falls off with divergence.
    public let scale: Double
    /// Of the curve.
    public let points: Int
    /// The share of the rows' variance that is kept before they are quantised (appendix of the paper: PCA).
    public let variance: Double
    /// Of k-means: the best of so many, each with so many steps at most.
    public let restarts, iterations: Int

    /// MAUVE, from shares as they were counted and from smoothed ones.
    public struct Score: Sendable, Equatable {
        /// Its area is MAUVE.
        public let counted: DivergenceFrontier
        /// After half a row more in every cluster (Krichevsky & Trofimov; Liu et al. 2021, arXiv 2106.07898): for few rows.
        public let smoothed: DivergenceFrontier
        /// Shares of the clusters, as counted.
        public let real, samples: [Double]

        public var value: Double { counted.area }
    }

    public init(
        clusters: Int? = nil, scale: Double = 5, points: Int = 25, variance: Double = 0.9, restarts: Int = 5,
        iterations: Int = 500
    ) {
        require(
            clusters ?? 2 > 0 && scale > 0 && points > 1 && 0 < variance && variance <= 1 && restarts > 0 && iterations >= 0,
            "MAUVE: \(clusters ?? 2) clusters, scale \(scale), \(points) points, variance \(variance), \(restarts) restarts")
        self.clusters = clusters
        self.scale = scale
        self.points = points
        self.variance = variance
        self.restarts = restarts
        self.iterations = iterations
    }

    /// - Parameters:
    ///   - real: `[N, F]`, features.
    ///   - samples: `[M, F]`.
    ///   - noise: the place that clusters are drawn from.
    public func score(real: Tensor, samples: Tensor, noise: Noise) -> Score {
        let ((n, width), (m, other)) = (real.shape2, samples.shape2)
        require(n > 0 && m > 0 && width == other, "MAUVE: \(real.shape) and \(samples.shape)")
        let clusters = clusters ?? max(2, Int((Double(min(n, m)) / 10).rounded(.toNearestOrEven)))
        let rows = principal(unit(concatenated([real, samples], axis: 0)), variance: variance)
        let found = Clusters(rows, count: clusters, restarts: restarts, iterations: iterations, noise: noise).assignments
        return score(real: Array(found[..<n]), samples: Array(found[n...]), clusters: clusters)
    }

    /// From the cluster of every row.
    public func score(real: [Int], samples: [Int], clusters: Int) -> Score {
        func counts(_ assignments: [Int]) -> [Int] {
            assignments.reduce(into: [Int](repeating: 0, count: clusters)) { counts, cluster in
                require(counts.indices.contains(cluster), "MAUVE: cluster \(cluster) of \(clusters)")
                counts[cluster] += 1
            }
        }
        return score(realCounts: counts(real), sampleCounts: counts(samples))
    }

    /// From the number of rows in every cluster.
    public func score(realCounts: [Int], sampleCounts: [Int]) -> Score {
        func shares(_ counts: [Int], plus more: Double) -> [Double] {
            let total = counts.reduce(0) { $0 + Double($1) + more }
            require(total > 0, "MAUVE: no rows")
            return counts.map { (Double($0) + more) / total }
        }
        func frontier(plus more: Double) -> DivergenceFrontier {
            DivergenceFrontier(
                real: shares(realCounts, plus: more), samples: shares(sampleCounts, plus: more), scale: scale, points: points)
        }
        require(sampleCounts.reduce(0, +) > 0 && realCounts.reduce(0, +) > 0, "MAUVE: no rows")
        return Score(
            counted: frontier(plus: 0), smoothed: frontier(plus: 0.5), real: shares(realCounts, plus: 0),
            samples: shares(sampleCounts, plus: 0))
    }
}

/// Rows of length 1; zeros stay.
private func unit(_ rows: Tensor) -> Tensor {
    let (count, width) = rows.shape2
    var values = rows.values
    for r in 0..<count {
        let row = r * width..<(r + 1) * width
        let length = values[row].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        if length > 0 { for i in row { values[i] = Float(Double(values[i]) / length) } }
    }
    return Tensor(values, [count, width])
}

/// The fewest principal components with that share of the variance.
///
///     rows: [N, F]
///     returns [N, K]
private func principal(_ rows: Tensor, variance: Double) -> Tensor {
    let (count, width) = rows.shape2
    guard count > 1 else { return rows }
    var statistics = FeatureStatistics(width: width)
    statistics.add(rows)
    let eigen = SymmetricEigen(statistics.covariance, width)
    let order = eigen.values.indices.sorted { (-eigen.values[$0], $0) < (-eigen.values[$1], $1) }
    let total = eigen.values.reduce(0, +)
    var (kept, sum) = (0, 0.0)
    repeat {
        sum += eigen.values[order[kept]]
        kept += 1
    } while kept < width && sum < variance * total
    let axes = order[..<kept].flatMap { eigen.vectors[$0 * width..<($0 + 1) * width] }
    let centred = rows - Tensor(statistics.mean.map(Float.init), [1, width])
    return matmul(centred, Tensor(axes.map { Float($0) }, [kept, width]).transposed())
}
