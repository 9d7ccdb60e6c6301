import CKernels

extension CPUBackend {
    package func categoricalPosterior(_ logits: Tensor, _ tokens: [Int32], steps: Tensor, into y: Tensor) {
        ll_categorical_posterior(
            Int64(tokens.count), Int64(logits.shape[logits.rank - 1]), logits.floats, tokens, steps.floats, y.floats)
    }

    package func categoricalBound(
        _ logits: Tensor, _ tokens: [Int32], clean: [Int32], steps: Tensor, into loss: Tensor, _ gradient: Tensor
    ) {
        ll_categorical_bound(
            Int64(tokens.count), Int64(logits.shape[logits.rank - 1]), logits.floats, tokens, clean, steps.floats,
            loss.floats, gradient.floats)
    }

    package func keepLikely(_ x: Tensor, share: Float, into y: Tensor) {
        let columns = x.shape[x.rank - 1]
        ll_keep_likely(Int64(x.count / columns), Int64(columns), x.floats, share, y.floats)
    }

    package func draw(_ x: Tensor, _ aims: [Double]) -> [Int32] {
        var drawn = [Int32](repeating: 0, count: aims.count)
        ll_draw(Int64(aims.count), Int64(x.shape[x.rank - 1]), x.floats, aims, &drawn)
        return drawn
    }
}
