import Glibc
import Tensors

/// Prepares the next batches on a thread of its own, in order, and says how long training had to wait for
/// them.
///
/// What is made depends on the step's number alone, so a run resumed at a step gets the same batches.
public final class Prefetcher<Batch: Sendable>: Sendable {
    private let queue: BatchQueue<Batch>

    /// - Parameter step: the number of the first batch that `next` returns.
    /// - Parameter depth: batches kept ready.
    public init(from step: Int = 0, depth: Int = 2, make: @escaping @Sendable (Int) throws -> Batch) {
        require(depth > 0, "Prefetcher: depth \(depth)")
        queue = BatchQueue(from: step, depth: depth, make: make)
        // The thread keeps the queue, never the prefetcher: letting go of the prefetcher is what ends the
        // thread.
        let context = Unmanaged.passRetained(Worker { [queue] in queue.fill() })
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                Unmanaged<Worker>.fromOpaque(context!).takeRetainedValue().body()
                return nil
            }, context.toOpaque())
        require(status == 0, "Prefetcher: no thread to be had")
        pthread_detach(thread)
    }

    deinit { queue.stop() }

    /// The next batch, waited for where it is not ready yet. An error of `make` comes out here, and again on
    /// later calls.
    public func next() throws -> Batch { try queue.take() }

    /// Seconds that `next` has waited so far.
    public var waitedSeconds: Double { queue.waitedSeconds }
}

/// What training and the preparing thread share; everything that changes is read and written under the lock.
private final class BatchQueue<Batch: Sendable>: @unchecked Sendable {
    private let make: @Sendable (Int) throws -> Batch
    private let depth: Int
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var ready: [Result<Batch, any Error>] = []
    private var nextStep: Int
    private var stopped = false
    private var waited = 0.0

    init(from step: Int, depth: Int, make: @escaping @Sendable (Int) throws -> Batch) {
        self.make = make
        self.depth = depth
        nextStep = step
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    func take() throws -> Batch {
        let start = monotonicSeconds()
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while ready.isEmpty { pthread_cond_wait(changed, lock) }
        waited += monotonicSeconds() - start
        let result = ready[0]
        if case .success = result { ready.removeFirst() }
        pthread_cond_broadcast(changed)
        return try result.get()
    }

    var waitedSeconds: Double {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return waited
    }

    func stop() {
        pthread_mutex_lock(lock)
        stopped = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(lock)
    }

    /// The thread's work: ends when stopped, or after the first error.
    func fill() {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while true {
            while !stopped && ready.count >= depth { pthread_cond_wait(changed, lock) }
            if stopped { return }
            let step = nextStep
            nextStep += 1
            pthread_mutex_unlock(lock)
            let result = Result { try make(step) }
            pthread_mutex_lock(lock)
            ready.append(result)
            pthread_cond_broadcast(changed)
            if case .failure = result { return }
        }
    }
}

/// Carries a closure through a C pointer.
private final class Worker: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
