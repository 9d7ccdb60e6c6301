import CKernels

// Fourier transforms, overlapping frames, other rates.
extension CPUBackend {
    package func fourier(_ x: Tensor, _ length: Int, _ turns: Tensor, inner: Float, ends: Float, into y: Tensor) {
        ll_fourier(Int64(x.count / length), Int64(length), turns.floats, x.floats, inner, ends, y.floats)
    }

    package func fourierBack(_ x: Tensor, _ length: Int, _ turns: Tensor, inner: Float, ends: Float, into y: Tensor) {
        ll_fourier_back(Int64(y.count / length), Int64(length), turns.floats, x.floats, inner, ends, y.floats)
    }

    package func bandMagnitudes(
        _ x: Tensor, hop: Int, window: Tensor, turns: Tensor, spans: [Int32], weights: Tensor, into y: Tensor
    ) {
        ll_band_magnitudes(
            Int64(y.shape[0]), Int64(window.count), Int64(hop), Int64(y.shape[1]), turns.floats, window.floats, spans,
            weights.floats, x.floats, y.floats)
    }

    package func frames(_ x: Tensor, hop: Int, window: Tensor?, into y: Tensor) {
        ll_frames(
            Int64(x.shape[0]), Int64(x.shape[1]), Int64(y.shape[1]), Int64(y.shape[2]), Int64(hop), x.floats, window?.floats,
            y.floats)
    }

    package func overlapAdd(_ x: Tensor, hop: Int, window: Tensor?, into y: Tensor) {
        ll_overlap_add(
            Int64(y.shape[0]), Int64(y.shape[1]), Int64(x.shape[1]), Int64(x.shape[2]), Int64(hop), x.floats, window?.floats,
            y.floats)
    }

    package func resample(_ x: Tensor, _ table: Tensor, down: Int, first: Int, into y: Tensor) {
        ll_resample(
            Int64(first), Int64(y.count), Int64(table.shape[0]), Int64(down), Int64(table.shape[1]), table.floats, x.floats,
            y.floats)
    }
}
