import Tensors

/// How far decoded media are from the originals: L1, L2, differences between neighbours, each at several scales.
///
/// The neighbour term penalises blur where no perceptual network is at hand (Mathieu et al. 2016, equation 6, with exponent 1).
public struct ReconstructionLoss: Sendable, Equatable {
    /// Weight of the mean absolute difference.
    public var l1: Float = 1
    /// Weight of the mean squared difference.
    public var l2: Float = 1
    /// Weight of the mean absolute difference between the two's vertical and horizontal steps.
    public var gradient: Float = 0
    /// Scales over which the above is averaged; each halves the last.
    public var scales = 1

    public init(l1: Float = 1, l2: Float = 1, gradient: Float = 0, scales: Int = 1) {
        (self.l1, self.l2, self.gradient, self.scales) = (l1, l2, gradient, scales)
    }

    /// Throws what is wrong with values that a person wrote, for media of `shape` `[H, W, C]`.
    public func check(for shape: [Int], at place: String? = nil) throws(InputError) {
        let weights = [("l1", l1), ("l2", l2), ("gradient", gradient)]
        for (field, value) in weights where !(value >= 0 && value.isFinite) {
            throw InputError("not a loss weight", at: path(place, field), expected: "a number of 0 or more", found: "\(value)")
        }
        if weights.allSatisfy({ $0.1 == 0 }) {
            throw InputError("no reconstruction loss is left", at: place, expected: "a weight above 0 for l1, l2 or gradient")
        }
        let divisor = 1 << max(0, min(scales, 30) - 1)
        guard scales >= 1, shape[0] % divisor == 0, shape[1] % divisor == 0, shape[0] > divisor, shape[1] > divisor else {
            throw InputError(
                "too many scales for media of \(shape[0])x\(shape[1])", at: path(place, "scales"),
                expected: "a number from 1 whose halvings divide both", found: "\(scales)")
        }
    }

    private func path(_ place: String?, _ field: String) -> String { place.map { "\($0).\(field)" } ?? field }

    /// decoded, original: `[B, H, W, C]`; returns the mean, a scalar.
    public func callAsFunction(_ decoded: Tensor, _ original: Tensor) -> Tensor {
        var difference = decoded - original
        var total: Tensor?
        for scale in 0..<scales {
            if scale > 0 { difference = halved(difference) }
            let here = weighted(difference)
            total = total.map { $0 + here } ?? here
        }
        return total! / Float(scales)
    }

    private func weighted(_ d: Tensor) -> Tensor {
        let (_, H, W, _) = d.shape4
        var terms: [Tensor] = []
        if l1 > 0 { terms.append(d.abs().mean() * l1) }
        if l2 > 0 { terms.append(d.square().mean() * l2) }
        if gradient > 0 {
            let vertical = d.slice(1, 1..<H) - d.slice(1, 0..<H - 1)
            let horizontal = d.slice(2, 1..<W) - d.slice(2, 0..<W - 1)
            terms.append((vertical.abs().mean() + horizontal.abs().mean()) * gradient)
        }
        return terms.dropFirst().reduce(terms[0], +)
    }

    /// Means of 2 × 2 blocks.
    private func halved(_ x: Tensor) -> Tensor {
        let (B, H, W, C) = x.shape4
        return x.reshaped([B, H / 2, 2, W / 2, 2, C]).mean([2, 4])
    }
}
