import Tensors

/// Ends a run early: a sample is done once what is read from its estimates has stayed the same for some steps, and is then the
/// estimate that it had. It does not matter to it how long others of its batch go on.
public final class Settling {
    private let patience: Int
    private let read: (Tensor) -> Tokens
    private var last: [[Int32]] = []
    /// For how many steps a sample has been read alike.
    private var unchanged: [Int] = []
    /// `[1, ...]` of the samples that are done.
    private var done: [Tensor?] = []

    /// - Parameters:
    ///   - patience: for how many steps nothing changes before a sample is done.
    ///   - read: of estimates `[B, ...]`, tokens `[B, L]`.
    public init(patience: Int, read: @escaping (Tensor) -> Tokens) {
        require(patience > 0, "Settling: patience \(patience)")
        (self.patience, self.read) = (patience, read)
    }

    /// Looks at the estimates `[B, ...]` of a step; whether all samples are done.
    public func watch(_ x0: Tensor) -> Bool {
        let (tokens, count) = (read(x0), x0.shape[0])
        let rows = pieces(tokens.values.count, of: max(1, tokens.values.count / count)).map { Array(tokens.values[$0]) }
        if last.isEmpty {
            unchanged = [Int](repeating: 0, count: count)
            done = [Tensor?](repeating: nil, count: count)
        } else {
            for b in 0..<count where done[b] == nil {
                unchanged[b] = rows[b] == last[b] ? unchanged[b] + 1 : 0
                if unchanged[b] >= patience { done[b] = x0.slice(0, b..<b + 1) }
            }
        }
        last = rows
        return !done.contains { $0 == nil }
    }

    /// Estimates or states `[B, ...]` with those of the samples that are done in their places.
    public func merged(_ x: Tensor) -> Tensor {
        guard done.contains(where: { $0 != nil }) else { return x }
        return concatenated(done.enumerated().map { b, own in own ?? x.slice(0, b..<b + 1) }, axis: 0)
    }
}
