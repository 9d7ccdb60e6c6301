/// The results of independent large pieces of work, in order, each made on one thread of the pool while others make the rest.
///
/// Small kernels gain more from this than from being shared between threads: there is nothing to wait for. Results do not depend on
/// the number of threads, because every piece runs on one.
package func concurrently<Result>(_ pieces: Int, _ body: (Int) -> Result) -> [Result] {
    let context = Context.current
    return [Result](unsafeUninitializedCapacity: pieces) { buffer, count in
        let start = buffer.baseAddress!
        backend.concurrently(pieces) { i in
            Context.$current.withValue(context) { (start + i).initialize(to: body(i)) }
        }
        count = pieces
    }
}

/// 0..<count cut into ranges of `size`, the last one shorter where they do not fit.
package func pieces(_ count: Int, of size: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
}
