import CDNNL
import CKernels

// Matrix products, attention, convolution.
extension CPUBackend {
    package func product(_ a: Tensor, _ b: Tensor, _ how: MatrixProduct, into c: Tensor) {
        let batch = c.rank == 3 ? c.shape[0] : 1
        let (m, n) = (c.shape[c.rank - 2], c.shape[c.rank - 1])
        let k = a.shape[a.rank - (how.transposesA ? 2 : 1)]
        guard c.count > 0 else { return }
        if a.dtype == .bf16, !Self.multipliesBF16 {
            var how = how
            how.reusesSecond = false
            return widened(a, b, into: c) { product($0[0], $0[1], how, into: $1) }
        }
        if a.dtype == .bf16 || (c.rank == 2 && Self.suitsOneDNN(m, n, k, panel: how.panel)) {
            let packed = how.reusesSecond ? PackedMatrix.kept(a, b, how, n, k, c) : nil
            for i in 0..<batch {
                let status = cdnnl_matmul(
                    a.dtype.code, how.transposesA, how.transposesB, Int64(m), Int64(n), Int64(k), a.matrix(i), a.rowStride,
                    b.matrix(i), b.rowStride, c.matrix(i), c.dtype.code, Int64(how.panel),
                    packed?.pointer)
                check(status, "matrix product")
            }
            return
        }
        ll_gemm(
            how.transposesA, how.transposesB, Int64(m), Int64(n), Int64(k), 1, a.floats, a.rowStride, a.batchStride,
            b.floats, b.rowStride, b.batchStride, 0, c.floats, Int64(n), Int64(m * n), Int64(batch), Int64(how.panel),
            how.panel > 0)
    }

    /// Is an f32 product one that oneDNN is faster at? On AVX-512 it is, because it reads A as it lies; a product too
    /// small to pay for packing B goes to OpenBLAS. Within panels the answer must not depend on how many rows there are.
    private static func suitsOneDNN(_ m: Int, _ n: Int, _ k: Int, panel: Int) -> Bool {
        guard hasFastOneDNN, n >= 16, k >= 16 else { return false }
        return panel > 0 ? panel >= 64 : m >= 64 && m * n * k >= 1 << 20
    }

    private static let hasFastOneDNN =
        String(cString: cdnnl_isa()).hasPrefix("avx512") && String(cString: ll_instruction_set()).hasPrefix("avx512")

    package func biasActivation(_ x: Tensor, bias: Tensor?, _ activation: Activation, before: Tensor?) {
        let columns = x.shape[x.rank - 1]
        ll_bias_activation(
            Int64(x.count / max(1, columns)), Int64(columns), x.pointer, x.dtype.code, bias?.floats, activation.rawValue,
            before?.pointer)
    }

    package func biasActivationBackward(
        before: Tensor?, _ gy: Tensor, _ activation: Activation, into gBefore: Tensor?, gbias: Tensor?
    ) {
        let columns = gy.shape[gy.rank - 1]
        ll_bias_activation_backward(
            Int64(gy.count / max(1, columns)), Int64(columns), before?.pointer, gy.pointer, gy.dtype.code,
            activation.rawValue, gBefore?.pointer, gbias?.floats)
    }

    package func attention(_ call: AttentionCall, into y: Tensor, _ logSumExp: Tensor) {
        let (batch, n, heads, width) = call.q.shape4
        ll_attention(
            Int64(batch), Int64(heads), Int64(n), Int64(call.k.shape[1]), Int64(width), call.scale, call.isCausal,
            call.q.dtype.code, call.q.pointer, call.q.headStrides, call.k.pointer, call.k.headStrides, call.v.pointer,
            call.v.headStrides, call.mask?.floats, y.pointer, y.headStrides, logSumExp.floats)
    }

    package func attentionBackward(
        _ call: AttentionCall, _ y: Tensor, _ logSumExp: Tensor, _ gy: Tensor, into gq: Tensor, _ gk: Tensor, _ gv: Tensor
    ) {
        let (batch, n, heads, width) = call.q.shape4
        ll_attention_backward(
            Int64(batch), Int64(heads), Int64(n), Int64(call.k.shape[1]), Int64(width), call.scale, call.isCausal,
            call.q.dtype.code, call.q.pointer, call.q.headStrides, call.k.pointer, call.k.headStrides, call.v.pointer,
            call.v.headStrides, call.mask?.floats, y.pointer, y.headStrides, logSumExp.floats, gy.pointer, gy.headStrides,
            gq.pointer, gq.headStrides, gk.pointer, gk.headStrides, gv.pointer, gv.headStrides)
    }

    package func convolution(_ call: ConvolutionCall, bias: Tensor?, into y: Tensor) {
        guard y.count > 0 else { return }
        if call.x.dtype == .bf16, !Self.multipliesBF16 {
            return widened(call.x, call.weight, into: y) {
                convolution(call.replacing(x: $0[0], weight: $0[1]), bias: bias, into: $1)
            }
        }
        var geometry = call.geometry(y)
        check(
            cdnnl_convolution_forward(
                &geometry, call.x.dtype.code, call.x.pointer, call.weight.pointer, bias?.floats, y.pointer,
                call.isBatchInvariant),
            "convolution")
    }

    package func convolutionBackwardData(_ call: ConvolutionCall, _ gy: Tensor, into gx: Tensor) {
        guard gy.count > 0 else { return }
        if gy.dtype == .bf16, !Self.multipliesBF16 {
            return widened(call.weight, gy, into: gx) {
                // Of x only the shape matters here.
                convolutionBackwardData(call.replacing(x: $1, weight: $0[0]), $0[1], into: $1)
            }
        }
        var geometry = call.geometry(gy)
        check(
            cdnnl_convolution_backward_data(&geometry, gy.dtype.code, gy.pointer, call.weight.pointer, gx.pointer),
            "convolution's gradient")
    }

    package func convolutionBackwardWeights(_ call: ConvolutionCall, _ gy: Tensor, into gw: Tensor, gbias: Tensor?) {
        guard gy.count > 0 else { return }
        if gy.dtype == .bf16, !Self.multipliesBF16 {
            return widened(call.x, gy, into: gw) {
                convolutionBackwardWeights(call.replacing(x: $0[0], weight: call.weight), $0[1], into: $1, gbias: gbias)
            }
        }
        if call.isPointwise, gy.dtype == .f32 {
            // oneDNN's own takes many times as long where channels are few.
            let (output, input) = (call.weight.shape[0], call.weight.shape[3])
            let how = MatrixProduct(transposesA: true)
            product(gy.reshaped([-1, output]), call.x.reshaped([-1, input]), how, into: gw.reshaped([output, input]))
            if let gbias { biasActivationBackward(before: nil, gy, .none, into: nil, gbias: gbias) }
            return
        }
        var geometry = call.geometry(gy)
        check(
            cdnnl_convolution_backward_weights(
                &geometry, gy.dtype.code, call.x.pointer, gy.pointer, gw.floats, gbias?.floats),
            "convolution's weight gradient")
    }

    private func check(_ status: Int32, _ what: String) {
        require(status == 0, "\(what): oneDNN says \(String(cString: cdnnl_status(status)))")
    }
}

/// A matrix in the layout in which oneDNN's panelled products read it.
private final class PackedMatrix: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }
    deinit { cdnnl_free_packed(pointer) }

    /// Lives as long as the values of `b` do.
    static func kept(
        _ a: Tensor, _ b: Tensor, _ how: MatrixProduct, _ n: Int, _ k: Int, _ c: Tensor
    ) -> PackedMatrix? {
        guard c.rank == 2, how.panel > 0, !how.transposesA, b.offset == 0 else { return nil }
        let name = "packed \(how.transposesB) \(n) \(k) \(b.rowStride) \(a.rowStride) \(c.dtype) \(how.panel)"
        return b.storage.form(name) {
            cdnnl_pack(
                a.dtype.code, how.transposesB, Int64(n), Int64(k), b.pointer, b.rowStride, a.rowStride, c.dtype.code,
                Int64(how.panel)
            ).map(PackedMatrix.init)
        }
    }
}

extension Tensor {
    fileprivate var rowStride: Int64 { Int64(strides[rank - 2]) }
    fileprivate var batchStride: Int64 { rank == 3 && shape[0] > 1 ? Int64(strides[0]) : 0 }
    fileprivate func matrix(_ i: Int) -> UnsafeMutableRawPointer { pointer + i * Int(batchStride) * dtype.size }

    fileprivate var headStrides: ll_strides {
        ll_strides(batch: Int64(strides[0]), position: Int64(strides[1]), head: Int64(strides[2]))
    }
}

extension ConvolutionCall {
    /// Is it a matrix product of each position by itself?
    fileprivate var isPointwise: Bool {
        weight.shape[1] == 1 && weight.shape[2] == 1 && stride == 1 && groups == 1 && padding == Padding(0)
    }

    fileprivate func geometry(_ y: Tensor) -> cdnnl_convolution {
        cdnnl_convolution(
            batch: Int64(x.shape[0]), in_height: Int64(x.shape[1]), in_width: Int64(x.shape[2]),
            in_channels: Int64(x.shape[3]), out_height: Int64(y.shape[1]), out_width: Int64(y.shape[2]),
            out_channels: Int64(y.shape[3]), kernel_height: Int64(weight.shape[1]), kernel_width: Int64(weight.shape[2]),
            stride: Int64(stride), dilation: Int64(dilation), groups: Int64(groups), pad_top: Int64(padding.top),
            pad_bottom: Int64(padding.bottom), pad_left: Int64(padding.left), pad_right: Int64(padding.right))
    }
}
