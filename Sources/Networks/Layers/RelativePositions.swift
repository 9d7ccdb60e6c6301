import Glibc
import Tensors

/// What heads add to the score of a key for how far it stands from the query: one number for each of some distances, which lie closer
/// together where they are small (Raffel et al. 2020, arXiv 1910.10683, section 2.1).
///
///     returns [H, N, M] for queries at N places and keys at the places 0..<M
public final class RelativePositions: Module {
    /// `[buckets, H]`.
    let favour: Embedding
    private let buckets, reach: Int
    private let looksAhead: Bool

    /// - Parameters:
    ///   - reach: distances from here on are one.
    ///   - looksAhead: half of the buckets are for keys behind the query; otherwise they are taken as the query's own place.
    public init(heads: Int, buckets: Int, reach: Int, looksAhead: Bool) {
        favour = Embedding(buckets, width: heads)
        (self.buckets, self.reach, self.looksAhead) = (buckets, reach, looksAhead)
        super.init()
    }

    public func callAsFunction(queries: Range<Int>, keys: Int) -> Tensor {
        let table = queries.flatMap { q in
            (0..<keys).map { Int32(Self.bucket($0 - q, of: buckets, reach: reach, looksAhead: looksAhead)) }
        }
        return favour(Tokens(table, [queries.count, keys])).permuted([2, 0, 1])
    }

    /// The bucket of a key that stands `offset` places behind the query: half of them are one place wide, the others grow with the
    /// logarithm of the distance.
    package static func bucket(_ offset: Int, of buckets: Int, reach: Int, looksAhead: Bool) -> Int {
        let count = looksAhead ? buckets / 2 : buckets
        let distance = looksAhead ? abs(offset) : max(0, -offset)
        let first = looksAhead && offset > 0 ? count : 0
        let exact = count / 2
        if distance < exact { return first + distance }
        // In single precision, as the published models do it: at a boundary the last bit decides.
        let share = logf(Float(distance) / Float(exact)) / Float(log(Double(reach) / Double(exact)))
        return first + min(count - 1, exact + Int(share * Float(count - exact)))
    }
}
