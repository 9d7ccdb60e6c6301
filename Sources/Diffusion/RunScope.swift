import Synchronization
import Tensors

/// What a denoiser may keep from one step of a sampling run to the next: whatever follows from the conditions and the times of
/// the run alone.
///
/// Two inputs with the same scope have the same conditions, sample by sample.
public struct RunScope: Sendable {
    private final class Memory: Sendable {
        let kept = Mutex<[Key: [Tensor]]>([:])
        let grown = Mutex<[Key: GrowingTensor]>([:])
    }

    private struct Key: Hashable {
        let path: [Int]
        let name: String
    }

    /// Network times at which the run asks the denoiser.
    private let times: [Float]
    private let memory = Memory()
    /// Which samples of the run these are.
    private var path: [Int] = []

    public init(times: [Float]) { self.times = times }

    /// The scope of a batch that was made from this one's: of some of its samples, say.
    func part(_ way: Int...) -> RunScope {
        var part = self
        part.path += way
        return part
    }

    /// Made at the first step, kept for the others.
    public func remembered(_ name: String, _ make: () -> [Tensor]) -> [Tensor] {
        kept(Key(path: path, name: name), make)
    }

    /// What a decoder that works position by position adds to as it goes.
    public func growing(_ name: String) -> GrowingTensor {
        memory.grown.withLock { grown in
            let key = Key(path: path, name: name)
            if let found = grown[key] { return found }
            let made = GrowingTensor()
            grown[key] = made
            return made
        }
    }

    /// The part of one time of tensors that are made for many times together: each `[times, ...]`, for as many times as
    /// fit into `budget` bytes. Nil for a time the run was not planned to see.
    public func table(
        at time: Float, bytesPerTime: Int, budget: Int = 32 << 20, _ make: ([Float]) -> [Tensor]
    ) -> [Tensor]? {
        guard let index = times.firstIndex(of: time) else { return nil }
        let length = max(1, min(times.count, budget / max(1, bytesPerTime)))
        let first = index / length * length
        let window = Array(times[first..<min(first + length, times.count)])
        // Steps follow each other: what was kept for another window is not needed again.
        let key = Key(path: path, name: "times \(first)")
        memory.kept.withLock { kept in
            for other in kept.keys where other.path == path && other.name.hasPrefix("times ") && other != key {
                kept[other] = nil
            }
        }
        return kept(key) { make(window) }.map { $0.slice(0, index - first..<index - first + 1).squeezed(0) }
    }

    private func kept(_ key: Key, _ make: () -> [Tensor]) -> [Tensor] {
        if let found = memory.kept.withLock({ $0[key] }) { return found }
        // Only one thread works on a scope at a time, so nothing is made twice.
        let made = make()
        memory.kept.withLock { $0[key] = made }
        return made
    }
}
