import Synchronization
import Tensors

/// In which order training meets the examples: every epoch is a permutation of its own, keyed by (seed,
/// epoch).
///
/// Where training stands in its data is one integer, the position: epoch · count + place within the epoch.
public final class EpochOrder: Sendable {
    public let count: Int
    public let seed: UInt64
    private let latest = Mutex<(epoch: Int, order: [Int])>((-1, []))

    public init(count: Int, seed: UInt64) {
        require(count > 0, "EpochOrder: \(count) examples")
        self.count = count
        self.seed = seed
    }

    /// One example of one epoch.
    public struct Place: Sendable, Hashable {
        public let epoch: Int
        /// Which example of the data set.
        public let index: Int
    }

    /// All examples in the order of one epoch.
    public func indices(epoch: Int) -> [Int] {
        latest.withLock { latest in
            if latest.epoch != epoch {
                var generator = KeyedGenerator(seed, UInt64(epoch))
                latest = (epoch, generator.permutation(count))
            }
            return latest.order
        }
    }

    public func place(at position: Int) -> Place {
        require(position >= 0, "place: position \(position)")
        let epoch = position / count
        return Place(epoch: epoch, index: indices(epoch: epoch)[position % count])
    }

    /// The `size` places from `position` on; a batch may reach into the next epoch.
    public func batch(at position: Int, size: Int) -> [Place] {
        (position..<position + size).map(place)
    }

    /// The example at a position, without an object to keep: `EpochOrder(count:seed:).place(at:).index`.
    public static func index(position: Int, count: Int, seed: UInt64) -> Int {
        EpochOrder(count: count, seed: seed).place(at: position).index
    }
}
