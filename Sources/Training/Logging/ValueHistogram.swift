import Tensors

/// Counts of values over even buckets, as event files and reports show them. Values that are not finite are counted apart.
public struct ValueHistogram: Equatable, Sendable {
    public let minimum: Double
    public let maximum: Double
    public let count: Int
    public let sum: Double
    public let sumOfSquares: Double
    /// Upper edge of each bucket; the first bucket begins at `minimum`.
    public let limits: [Double]
    public let counts: [Double]
    /// NaN and infinities, in no bucket.
    public let nonFinite: Int

    public init(_ values: [Float], buckets: Int = 64) {
        require(buckets > 0, "ValueHistogram: \(buckets) buckets")
        let finite = values.filter(\.isFinite).map(Double.init)
        let low = finite.min() ?? 0
        let high = finite.max() ?? 0
        let width = (high - low) / Double(buckets)
        var counts = [Double](repeating: 0, count: width > 0 ? buckets : 1)
        for value in finite { counts[width > 0 ? min(buckets - 1, Int((value - low) / width)) : 0] += 1 }
        self.minimum = low
        self.maximum = high
        self.count = finite.count
        self.sum = finite.reduce(0, +)
        self.sumOfSquares = finite.reduce(0) { $0 + $1 * $1 }
        self.limits = counts.indices.map { $0 == counts.count - 1 ? high : low + width * Double($0 + 1) }
        self.counts = counts
        self.nonFinite = values.count - finite.count
    }
}
