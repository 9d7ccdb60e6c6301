import Glibc
import Synchronization

/// A block of memory that tensors share. Returned to the pool when the last of them goes.
package final class Storage: @unchecked Sendable {
    package let pointer: UnsafeMutableRawPointer
    package let byteCount: Int
    private let capacity: Int
    private let half = Mutex<Storage?>(nil)

    /// bf16 copy of f32 contents, where somebody asked for one; the optimiser keeps it up to date.
    package var halfCopy: Storage? { half.withLock { $0 } }

    /// Has `make` called unless there is a copy; passes that share weights may ask at once.
    package func keepHalfCopy(_ make: () -> Storage) {
        half.withLock { half in
            if half == nil { half = make() }
        }
    }

    private let forms = Mutex<[String: any AnyObject & Sendable]>([:])

    /// Another form of the contents, made once: a layout that products read faster, say.
    func form<Form: AnyObject & Sendable>(_ name: String, _ make: () -> Form?) -> Form? {
        forms.withLock { forms in
            if forms[name] == nil { forms[name] = make() }
            return forms[name] as? Form
        }
    }

    /// To be called where the contents change.
    func dropForms() {
        forms.withLock { $0 = [:] }
        halfCopy?.dropForms()
    }

    package init(byteCount: Int) {
        self.byteCount = byteCount
        (pointer, capacity) = Memory.take(byteCount)
    }

    deinit { Memory.give(pointer, capacity: capacity) }
}

/// The bounded storage pool and its counters.
///
/// Freed blocks are kept by size for the next step, up to `cacheLimit` bytes; a training step thus allocates nothing after the first.
public enum Memory {
    private struct State: ~Copyable {
        var free: [Int: [UnsafeMutableRawPointer]] = [:]
        var cached = 0
        var live = 0
        var peak = 0
        var cacheLimit = 4 << 30
    }

    private static let state = Mutex(State())

    /// Bytes in use by tensors now.
    public static var liveBytes: Int { state.withLock { $0.live } }
    /// Most bytes ever in use by tensors at once since the last `resetPeak`.
    public static var peakBytes: Int { state.withLock { $0.peak } }
    public static func resetPeak() { state.withLock { $0.peak = $0.live } }

    /// Most bytes of freed blocks kept for reuse.
    public static var cacheLimit: Int {
        get { state.withLock { $0.cacheLimit } }
        set {
            state.withLock { $0.cacheLimit = newValue }
            trim()
        }
    }

    /// Returns every unused block to the system.
    public static func trim() {
        let blocks = state.withLock { state in
            let blocks = Blocks(state.free.values.flatMap { $0 })
            state.free = [:]
            state.cached = 0
            return blocks
        }
        blocks.pointers.forEach { Glibc.free($0) }
    }

    private struct Blocks: @unchecked Sendable {
        let pointers: [UnsafeMutableRawPointer]
        init(_ pointers: [UnsafeMutableRawPointer]) { self.pointers = pointers }
    }

    private struct Block: @unchecked Sendable {
        let pointer: UnsafeMutableRawPointer?
    }

    /// Large blocks ask for pages of this size: fewer faults at first touch, fewer misses of the address cache afterwards.
    private static let hugePage = 1 << 21

    /// Four sizes to each doubling: at most a quarter is wasted, and blocks are found again.
    private static func capacity(for bytes: Int) -> Int {
        let bytes = max(bytes, 64)
        let step = max(64, 1 << (Int.bitWidth - 1 - bytes.leadingZeroBitCount - 2))
        return (bytes + step - 1) / step * step
    }

    fileprivate static func take(_ bytes: Int) -> (UnsafeMutableRawPointer, Int) {
        let capacity = capacity(for: bytes)
        let found = state.withLock { state in
            state.live += capacity
            state.peak = max(state.peak, state.live)
            guard let pointer = state.free[capacity]?.popLast() else { return Block(pointer: nil) }
            state.cached -= capacity
            return Block(pointer: pointer)
        }
        if let pointer = found.pointer { return (pointer, capacity) }
        var pointer: UnsafeMutableRawPointer?
        let isLarge = capacity >= 2 * hugePage
        guard posix_memalign(&pointer, isLarge ? hugePage : 64, capacity) == 0, let pointer else {
            fatalError("out of memory: \(bytes) bytes wanted with \(liveBytes) in use; lower the batch or microbatch")
        }
        if isLarge { madvise(pointer, capacity, MADV_HUGEPAGE) }
        return (pointer, capacity)
    }

    fileprivate static func give(_ pointer: UnsafeMutableRawPointer, capacity: Int) {
        let block = Block(pointer: pointer)
        let kept = state.withLock { state in
            state.live -= capacity
            guard state.cached + capacity <= state.cacheLimit else { return false }
            state.cached += capacity
            state.free[capacity, default: []].append(block.pointer!)
            return true
        }
        if !kept { Glibc.free(pointer) }
    }
}
