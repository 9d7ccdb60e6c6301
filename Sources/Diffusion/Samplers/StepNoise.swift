import Tensors

/// The randomness of a run: which numbers belong to step i of sample b, whatever else is in the batch.
public struct StepNoise: Sendable {
    private let draw: @Sendable (_ step: Int, _ shape: [Int]) -> Tensor
    private let places: [Noise]

    /// One place per sample: step i of sample b draws from `places[b]("step")(i)`.
    public init(_ places: [Noise]) {
        self.places = places
        draw = { step, shape in
            require(shape.first == places.count, "StepNoise: \(places.count) places for a state of shape \(shape)")
            return normal(places.map { $0("step")(step) }, Array(shape.dropFirst()))
        }
    }

    /// Numbers from elsewhere, for comparing with other programs; there are no coins.
    public init(given draw: @escaping @Sendable (_ step: Int, _ shape: [Int]) -> Tensor) {
        self.draw = draw
        places = []
    }

    /// Standard normal, `[B, ...]`.
    public func callAsFunction(_ step: Int, _ shape: [Int]) -> Tensor { draw(step, shape) }

    /// Uniform in [0, 1), one for each sample.
    public func coins(_ step: Int) -> [Double] { places.map { $0("step")(step)("coin").uniformDouble() } }
}

/// Ways to hold estimates of x0 where data live.
public enum Clipping {
    /// Into [-bound, bound].
    public static func range(_ bound: Float = 1) -> (Tensor) -> Tensor { { $0.clamped(-bound, bound) } }

    /// To the nearest row of a table `[V, D]`, along the last axis (Li et al. 2022, arXiv 2205.14217, section 4.2).
    public static func nearest(_ table: Tensor) -> (Tensor) -> Tensor {
        { x0 in
            embedding(table, nearestCodes(x0.reshaped([x0.count / table.shape[1], table.shape[1]]), table)).reshaped(x0.shape)
        }
    }

    /// Into [-s, s] and divided by s / bound, where s is the sample's own quantile of |x0| but at least the
    /// bound (Saharia et al. 2022, section 2.3).
    public static func dynamic(quantile: Double = 0.995, bound: Float = 1) -> (Tensor) -> Tensor {
        { x0 in
            let (B, values) = (x0.shape[0], x0.values)
            let size = values.count / max(1, B)
            let limits = (0..<B).map { b -> Float in
                let sorted = values[b * size..<(b + 1) * size].map { Swift.abs($0) }.sorted()
                let place = quantile * Double(size - 1)
                let (low, part) = (Int(place), Float(place - place.rounded(.down)))
                let high = min(low + 1, size - 1)
                return max(bound, sorted[low] + part * (sorted[high] - sorted[low]))
            }
            let s = Tensor(limits, [B] + [Int](repeating: 1, count: x0.rank - 1))
            return maximum(minimum(x0, s), -s) / s * bound
        }
    }
}
