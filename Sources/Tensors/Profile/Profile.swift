import Synchronization

/// Where the time of a program goes, operation by operation. Off, it costs nothing.
public enum Profile {
    /// All calls of one operation on operands of one size.
    public struct Row: Sendable {
        /// The backend's function, such as "product".
        public let operation: String
        /// Sizes and types.
        public let detail: String
        public internal(set) var calls = 0
        /// Summed over threads where operations ran at the same time.
        public internal(set) var seconds = 0.0
        /// Multiply-adds counted as two; elementwise work is not counted.
        public internal(set) var flops = 0.0
        /// Operands read and results written, each once.
        public internal(set) var bytes = 0.0
    }

    private struct Key: Hashable {
        let operation, detail: String
    }

    private static let table = Mutex<[Key: Row]>([:])

    /// Set it before the first tensor is made: from then on every operation is timed, or none.
    public static var isWanted: Bool {
        get { wanted.load(ordering: .relaxed) }
        set { wanted.store(newValue, ordering: .relaxed) }
    }
    private static let wanted = Atomic(false)

    public static func reset() { table.withLock { $0 = [:] } }

    /// What was timed since `reset`, the most expensive first.
    public static var rows: [Row] { table.withLock { Array($0.values) }.sorted { $0.seconds > $1.seconds } }

    static func add(_ operation: String, _ detail: String, seconds: Double, flops: Double, bytes: Int) {
        let key = Key(operation: operation, detail: detail)
        table.withLock { table in
            var row = table[key] ?? Row(operation: operation, detail: detail)
            row.calls += 1
            row.seconds += seconds
            row.flops += flops
            row.bytes += Double(bytes)
            table[key] = row
        }
    }
}
