import Glibc

/// Learning rate by optimiser step: warm-up, then constant or cosine.
public struct LearningRate: Sendable, Equatable {
    public enum Shape: String, Sendable, CaseIterable { case constant, cosine, linear }

    public var peak: Double
    public var shape: Shape
    /// Steps of linear growth from 0.
    public var warmup: Int
    /// Rate at the last step, for the shapes that fall.
    public var floor: Double

    public init(peak: Double, shape: Shape = .constant, warmup: Int = 0, floor: Double = 0) {
        self.peak = peak
        self.shape = shape
        self.warmup = warmup
        self.floor = floor
    }

    /// The rate of step `step` (from 0) out of `steps`.
    public func callAsFunction(_ step: Int, of steps: Int) -> Double {
        if step < warmup { return peak * Double(step + 1) / Double(warmup) }
        let progress = min(1, Double(step - warmup) / Double(max(1, steps - warmup)))
        return switch shape {
        case .constant: peak
        case .linear: peak + (floor - peak) * progress
        case .cosine: floor + (peak - floor) * 0.5 * (1 + cos(.pi * progress))
        }
    }
}
