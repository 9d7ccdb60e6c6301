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

    /// Row i goes on as row `rows[i]` was, any number of times or not at all; what earlier calls returned stays as it was.
    public func reorder(_ rows: [Int]) {
        guard let old = room, rows != Array(0..<old.shape[0]) else { return }
        require(
            rows.allSatisfy { 0..<old.shape[0] ~= $0 }, "GrowingTensor: a row of \(rows) is outside 0..<\(old.shape[0])")
        var shape = old.shape
        shape[0] = rows.count
        let new = Tensor(uninitialized: shape, old.dtype)
        for (i, row) in rows.enumerated() {
            let (from, to) = (old.slice(0, row..<row + 1), new.slice(0, i..<i + 1))
            backend.copy(from.slice(1, 0..<count), into: to.slice(1, 0..<count), accumulating: false)
        }
        room = new
    }
}
