/// A tensor that grows along its second axis, as a decoder's keys and values do, without copying at each step what is there.
///
/// Not differentiable.
public final class GrowingTensor: @unchecked Sendable {
    private var room: Tensor?
    /// Positions so far.
    public private(set) var count = 0

    public init() {}

    /// All positions, those of x last; what earlier calls returned stays as it was.
    ///
    ///     x: [B, n, ...]
    ///     returns [B, count, ...]
    public func append(_ x: Tensor) -> Tensor {
        let end = count + x.shape[1]
        if end > room?.shape[1] ?? 0 {
            var shape = x.shape
            shape[1] = max(end, 2 * count, 32)
            let larger = Tensor(uninitialized: shape, x.dtype)
            if let room { backend.copy(room.slice(1, 0..<count), into: larger.slice(1, 0..<count), accumulating: false) }
            room = larger
        }
        guard let room else { fatalError("GrowingTensor: no room") }
        require(
            x.dtype == room.dtype && x.shape[0] == room.shape[0] && x.shape.dropFirst(2) == room.shape.dropFirst(2),
            "GrowingTensor: \(x.dtype) \(x.shape) after \(room.dtype) \(room.shape)")
        backend.copy(x.detached(), into: room.slice(1, count..<end), accumulating: false)
        count = end
        return room.slice(1, 0..<end)
    }
}
