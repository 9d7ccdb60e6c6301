import Tensors

/// Batches of examples of about one length, so that little of a batch is padding: of every `window` batches in a row the examples are
/// sorted by length, cut into batches again, and those come in an order of chance (Khomenko et al. 2016, arXiv 1708.05604).
///
/// Every example still comes once an epoch, and what a step sees depends on the step alone.
public struct LengthBuckets: Sendable {
    public let order: EpochOrder
    public let batch: Int
    /// Batches that are sorted together; with 1 nothing is.
    public let window: Int
    private let length: @Sendable (EpochOrder.Place) throws -> Int

    public init(
        _ order: EpochOrder, batch: Int, window: Int, length: @escaping @Sendable (EpochOrder.Place) throws -> Int
    ) {
        require(batch > 0 && window > 0, "LengthBuckets: \(window) batches of \(batch)")
        (self.order, self.batch, self.window, self.length) = (order, batch, window, length)
    }

    public func places(step: Int) throws -> [EpochOrder.Place] {
        guard window > 1 else { return order.batch(at: step * batch, size: batch) }
        let turn = step / window
        let places = order.batch(at: turn * window * batch, size: window * batch)
        let lengths = try places.map(length)
        let sorted = places.indices.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
        var generator = KeyedGenerator(order.seed, UInt64(turn) ^ 0x6c65_6e67_7468)
        let chosen = generator.permutation(window)[step % window]
        return sorted[chosen * batch..<(chosen + 1) * batch].map { places[$0] }
    }
}
