import Tensors

/// Every step of a chain of T equally often: times 1/T, 2/T, ... 1.
public struct UniformSteps: TimeDensity, Equatable {
    public static let name = "uniform_steps"
    public let steps: Int

    public init(steps: Int = 1000) {
        require(steps > 0, "UniformSteps: \(steps) steps")
        self.steps = steps
    }

    public func time(at u: Double) -> (time: Double, weight: Double) {
        (Double(min(steps - 1, Int(u * Double(steps))) + 1) / Double(steps), 1)
    }
}

/// Every time equally often, in continuous time.
public struct UniformTimes: TimeDensity, Equatable {
    public static let name = "uniform"
    /// Within [0, 1]; the ends keep away from times where a parameterisation is singular.
    public let range: ClosedRange<Double>

    public init(in range: ClosedRange<Double> = 0...1) {
        require(range.lowerBound >= 0 && range.upperBound <= 1, "UniformTimes: \(range)")
        self.range = range
    }

    public func time(at u: Double) -> (time: Double, weight: Double) {
        (range.lowerBound + u * (range.upperBound - range.lowerBound), 1)
    }
}
