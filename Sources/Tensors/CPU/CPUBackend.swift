import CKernels
import Glibc

/// The processor: fused C kernels, OpenBLAS and oneDNN on one thread pool.
package struct CPUBackend: Backend {
    package init() {}

    package func concurrently(_ tasks: Int, _ body: (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            var body = body
            withUnsafeMutablePointer(to: &body) { pointer in
                ll_shards(
                    Int64(tasks), { context, task in context!.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(task)) },
                    pointer)
            }
        }
    }

    package func write(_ bytes: UnsafeRawBufferPointer, to x: Tensor) {
        guard bytes.count > 0 else { return }
        memcpy(x.pointer, bytes.baseAddress!, bytes.count)
    }

    package func read(_ x: Tensor, into bytes: UnsafeMutableRawBufferPointer) {
        guard x.count > 0 else { return }
        memcpy(bytes.baseAddress!, x.pointer, x.count * x.dtype.size)
    }

    package func fill(_ value: Float, into x: Tensor) { ll_fill(x.dtype.code, x.count64, x.pointer, value) }

    package func copy(_ x: Tensor, into y: Tensor, accumulating: Bool) {
        require(x.shape == y.shape, "copy: shapes \(x.shape) and \(y.shape)")
        ll_copy(
            Int32(x.rank), x.shape.wide, x.pointer, x.dtype.code, x.strides.wide, y.pointer, y.dtype.code, y.strides.wide,
            accumulating)
    }

    package func unary(_ op: UnaryOp, _ x: Tensor, _ p0: Float, _ p1: Float, into y: Tensor) {
        ll_unary(op.rawValue, x.dtype.code, x.count64, x.pointer, y.pointer, p0, p1)
    }

    package func unaryBackward(_ op: UnaryOp, _ x: Tensor, _ gy: Tensor, _ p0: Float, _ p1: Float, into gx: Tensor) {
        ll_unary_backward(op.rawValue, x.dtype.code, x.count64, x.pointer, gy.pointer, gx.pointer, p0, p1)
    }

    package func binary(_ op: BinaryOp, _ a: Tensor, _ b: Tensor, into y: Tensor) {
        ll_binary(
            op.rawValue, Int32(y.rank), y.shape.wide,
            a.pointer, a.dtype.code, broadcastStrides(a.shape, a.strides, to: y.shape).wide,
            b.pointer, b.dtype.code, broadcastStrides(b.shape, b.strides, to: y.shape).wide, y.pointer, y.dtype.code)
    }

    package func select(_ mask: Tensor, _ a: Tensor, _ b: Tensor, into y: Tensor) {
        ll_select(y.count64, mask.floats, a.floats, b.floats, y.floats)
    }

    package func reduce(_ op: ReduceOp, _ x: Tensor, outer: Int, reduced: Int, inner: Int, into y: Tensor) {
        ll_reduce(op.rawValue, Int64(outer), Int64(reduced), Int64(inner), x.pointer, x.dtype.code, y.floats)
    }

    package func argmax(_ x: Tensor, outer: Int, reduced: Int, inner: Int) -> [Int32] {
        [Int32](unsafeUninitializedCapacity: outer * inner) { buffer, count in
            ll_argmax(Int64(outer), Int64(reduced), Int64(inner), x.floats, buffer.baseAddress)
            count = outer * inner
        }
    }

    package func sumOfSquares(_ x: Tensor) -> Double { ll_sum_squares(x.count64, x.floats) }

    package func firstNonfinite(_ x: Tensor) -> Int? {
        let x = x.contiguous()
        let index = ll_first_nonfinite(x.count64, x.pointer, x.dtype.code)
        return index < 0 ? nil : Int(index)
    }

    package func gather(_ table: Tensor, _ index: [Int32], into y: Tensor) {
        ll_gather(Int64(index.count), Int64(table.shape[1]), table.floats, index, y.floats)
    }

    package func scatterAdd(_ g: Tensor, _ index: [Int32], into gtable: Tensor) {
        ll_scatter_add(
            Int64(index.count), Int64(gtable.shape[1]), g.floats, index, Int64(gtable.shape[0]), gtable.floats)
    }

    package func nearest(_ x: Tensor, _ codebook: Tensor) -> [Int32] {
        let rows = x.shape[0]
        return [Int32](unsafeUninitializedCapacity: rows) { buffer, count in
            ll_nearest(
                Int64(rows), Int64(codebook.shape[0]), Int64(codebook.shape[1]), x.floats, codebook.floats,
                buffer.baseAddress, nil)
            count = rows
        }
    }

    package func upsample(_ x: Tensor, into y: Tensor) {
        let (b, h, w, c) = x.shape4
        ll_upsample2(Int64(b), Int64(h), Int64(w), Int64(c), x.pointer, y.pointer, x.dtype.code)
    }

    package func upsampleBackward(_ gy: Tensor, into gx: Tensor) {
        let (b, h, w, c) = gx.shape4
        ll_upsample2_backward(Int64(b), Int64(h), Int64(w), Int64(c), gy.pointer, gx.pointer, gx.dtype.code)
    }

    package func uniform(key: UInt64, stream: UInt64, into x: Tensor) {
        ll_random_uniform(x.count64, key, stream, x.floats)
    }

    package func normal(key: UInt64, stream: UInt64, into x: Tensor) {
        ll_random_normal(x.count64, key, stream, x.floats)
    }

    package func adamW(_ s: AdamWStep) {
        s.weight.storage.dropForms()
        s.average?.storage.dropForms()
        let half = s.weight.storage.halfCopy?.pointer.assumingMemoryBound(to: UInt16.self)
        ll_adamw(
            s.weight.count64, s.weight.floats, s.gradient.floats, s.firstMoment.floats, s.secondMoment.floats,
            s.average?.floats, half, s.gradientScale, s.rate, s.beta1, s.beta2, s.eps, s.decay, s.correction1,
            s.correction2, s.averageDecay)
    }
}

extension Tensor {
    var pointer: UnsafeMutableRawPointer { storage.pointer + offset * dtype.size }
    var count64: Int64 { Int64(count) }

    var floats: UnsafeMutablePointer<Float> {
        require(dtype == .f32, "an f32 tensor was expected, found \(dtype) of shape \(shape)")
        return pointer.assumingMemoryBound(to: Float.self)
    }
}

extension [Int] {
    /// As C's int64_t, for the length of a call.
    var wide: [Int64] { map(Int64.init) }
}
