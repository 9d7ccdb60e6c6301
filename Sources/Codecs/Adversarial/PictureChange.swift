import Tensors

/// Random changes through which a discriminator sees real and decoded pictures alike, so that it cannot learn few pictures by heart
/// (DiffAugment; Zhao et al. 2020, arXiv 2006.10738).
public enum PictureChange: String, Sendable, CaseIterable {
    /// Brightness, saturation and contrast.
    case color
    /// By up to an eighth of the size, zeros coming in.
    case translation

    /// Differentiable in `x`; each example is changed as its own place says.
    ///
    ///     x: [B, H, W, C]
    ///     returns [B, H, W, C]
    public func callAsFunction(_ x: Tensor, _ places: [Noise]) -> Tensor {
        require(x.shape[0] == places.count, "PictureChange: \(places.count) places for pictures \(x.shape)")
        return switch self {
        case .color: colored(x, uniform(places.map { $0(rawValue) }, [3, 1, 1, 1]))
        case .translation: moved(x, places.map { $0(rawValue) })
        }
    }

    /// - Parameter chance: `[B, 3, 1, 1, 1]` in [0, 1).
    private func colored(_ x: Tensor, _ chance: Tensor) -> Tensor {
        let parts = chance.chunked(3, axis: 1).map { $0.squeezed(1) }  // [B, 1, 1, 1] each
        var x = x + (parts[0] - 0.5)
        let gray = x.mean([3], keep: true)
        x = (x - gray) * (parts[1] * 2) + gray
        let mean = x.mean([1, 2, 3], keep: true)
        return (x - mean) * (parts[2] + 0.5) + mean
    }

    private func moved(_ x: Tensor, _ places: [Noise]) -> Tensor {
        let (B, H, W, C) = x.shape4
        let (dy, dx) = ((H + 4) / 8, (W + 4) / 8)
        // A frame of zeros, of which each example sees another part.
        let rows = Tensor.zeros([B, dy, W, C])
        let columns = Tensor.zeros([B, H + 2 * dy, dx, C])
        let framed = concatenated([columns, concatenated([rows, x, rows], axis: 1), columns], axis: 2)
        return concatenated(
            places.enumerated().map { i, place in
                let (top, left) = (place("y").integer(below: 2 * dy + 1), place("x").integer(below: 2 * dx + 1))
                return framed.slice(0, i..<i + 1).slice(1, top..<top + H).slice(2, left..<left + W)
            }, axis: 0)
    }
}
