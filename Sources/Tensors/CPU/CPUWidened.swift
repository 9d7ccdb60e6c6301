import CKernels

// bf16 products and convolutions on a processor that has none in hardware: the same rounded operands, multiplied and summed in
// f32, the result rounded. oneDNN can imitate the instructions, but takes several times as long, and on AVX-512 only.
extension CPUBackend {
    static let multipliesBF16 = ll_has_bf16()

    /// f32 operands in place of `operands` and an f32 result in place of `y`, which gets it rounded.
    func widened(_ operands: Tensor..., into y: Tensor, _ body: ([Tensor], Tensor) -> Void) {
        let wide = operands.map { x in
            let copy = Tensor(uninitialized: x.shape)
            self.copy(x, into: copy, accumulating: false)
            return copy
        }
        guard y.dtype == .bf16 else { return body(wide, y) }
        let result = Tensor(uninitialized: y.shape)
        body(wide, result)
        copy(result, into: y, accumulating: false)
    }
}

extension ConvolutionCall {
    func replacing(x: Tensor, weight: Tensor) -> ConvolutionCall {
        var call = self
        (call.x, call.weight) = (x, weight)
        return call
    }
}
