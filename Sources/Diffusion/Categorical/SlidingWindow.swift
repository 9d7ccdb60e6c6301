import Tensors

/// A grid of tokens larger than the one a network knows, seen through windows of its size that overlap by about half: what they say of
/// a token is averaged (Bond-Taylor et al. 2022, arXiv 2111.12701, section 3.4).
public struct SlidingWindow: Sendable {
    public let rows, columns: Int
    /// Tokens of each window in the large grid, row by row.
    private let windows: [[Int]]
    /// How many windows see each token.
    private let seen: [Float]

    /// - Parameters:
    ///   - rows: of the large grid, at least the window's.
    ///   - window: rows and columns that the network knows.
    public init(rows: Int, columns: Int, window: (rows: Int, columns: Int)) {
        require(
            rows >= window.rows && columns >= window.columns,
            "SlidingWindow: windows of \(window.rows)x\(window.columns) on \(rows)x\(columns)")
        (self.rows, self.columns) = (rows, columns)
        func starts(_ length: Int, _ window: Int) -> [Int] {
            let free = length - window
            let steps = free == 0 ? 0 : (free + max(1, window / 2) - 1) / max(1, window / 2)
            return (0...steps).map { steps == 0 ? 0 : free * $0 / steps }
        }
        var windows: [[Int]] = []
        for top in starts(rows, window.rows) {
            for left in starts(columns, window.columns) {
                windows.append(
                    (0..<window.rows).flatMap { r in (0..<window.columns).map { c in (top + r) * columns + left + c } })
            }
        }
        self.windows = windows
        var seen = [Float](repeating: 0, count: rows * columns)
        for n in windows.joined() { seen[n] += 1 }
        self.seen = seen
    }

    /// One window sees everything.
    public var isWhole: Bool { windows.count == 1 }
    /// Tokens of the large grid.
    public var length: Int { rows * columns }

    /// The mean over windows of what `look` makes of each token.
    ///
    ///     x: [B, length]; look: [B, n] to [B, n, ...]
    ///     returns [B, length, ...]
    public func averaged(_ x: Tokens, _ look: (Tokens) -> Tensor) -> Tensor {
        if isWhole { return look(x) }
        let B = x.shape[0]
        var sums: [Float] = []
        var rest: [Int] = []
        for window in windows {
            let part = Tokens((0..<B).flatMap { b in window.map { x.values[b * length + $0] } }, [B, window.count])
            let found = look(part)
            rest = Array(found.shape.dropFirst(2))
            let width = rest.reduce(1, *)
            if sums.isEmpty { sums = [Float](repeating: 0, count: B * length * width) }
            let values = found.values
            for b in 0..<B {
                for (i, n) in window.enumerated() {
                    let (from, to) = ((b * window.count + i) * width, (b * length + n) * width)
                    for k in 0..<width { sums[to + k] += values[from + k] / seen[n] }
                }
            }
        }
        return Tensor(sums, [B, length] + rest)
    }

    /// Logits of the mean of the windows' chances: `[B, length, K]`.
    public func logits(_ x: Tokens, _ predict: (Tokens) -> Tensor) -> Tensor {
        isWhole ? predict(x) : averaged(x) { predict($0).softmax() }.clamped(1e-30, 1).log()
    }
}
