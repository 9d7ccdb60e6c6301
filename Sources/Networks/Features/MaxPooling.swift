import Tensors

/// The largest of each `size` x `size` block, blocks `stride` apart; what fills no block at the end is left out (PyTorch's MaxPool2d).
///
///     x: [B, H, W, C]
///     returns [B, (H - size) / stride + 1, ..., C]
func maxPooled(_ x: Tensor, size: Int, stride: Int) -> Tensor {
    func along(_ axis: Int, _ x: Tensor) -> Tensor {
        let count = (x.shape[axis] - size) / stride + 1
        let shifted = (0..<size).map { first in x.gathered(axis, (0..<count).map { first + $0 * stride }) }
        return shifted.dropFirst().reduce(shifted[0], maximum)
    }
    return along(2, along(1, x))
}
