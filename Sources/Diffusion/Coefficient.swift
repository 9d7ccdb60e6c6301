import Glibc
import Tensors

/// A number that a schedule gives: one for the whole state, one per sample `[B, 1, ...]` or one per position
/// `[N, 1]`.
///
/// Kept in double precision and rounded once, where it meets a tensor. Samplers and posteriors are written
/// with it, so they hold for every kind of schedule.
public struct Coefficient: Sendable, Equatable {
    public let values: [Double]
    /// Broadcastable to the state; `[]` for a scalar.
    public let shape: [Int]

    public init(_ value: Double) {
        values = [value]
        shape = []
    }

    public init(_ values: [Double], _ shape: [Int]) {
        require(
            values.count == shape.reduce(1, *), "Coefficient: \(values.count) values for shape \(shape)")
        self.values = values
        self.shape = shape
    }

    /// The only value.
    public var scalar: Double {
        require(values.count == 1, "Coefficient.scalar: shape \(shape)")
        return values[0]
    }

    public var tensor: Tensor { Tensor(values.map(Float.init), shape) }

    public func map(_ f: (Double) -> Double) -> Coefficient { Coefficient(values.map(f), shape) }

    public func allSatisfy(_ predicate: (Double) -> Bool) -> Bool { values.allSatisfy(predicate) }

    /// Shapes must be equal unless one is a scalar.
    public func zip(_ other: Coefficient, _ f: (Double, Double) -> Double) -> Coefficient {
        if shape == other.shape {
            return Coefficient(values.indices.map { f(values[$0], other.values[$0]) }, shape)
        }
        if other.values.count == 1 { return map { f($0, other.values[0]) } }
        require(values.count == 1, "Coefficient: shapes \(shape) and \(other.shape)")
        return other.map { f(values[0], $0) }
    }

    public static func + (a: Coefficient, b: Coefficient) -> Coefficient { a.zip(b) { $0 + $1 } }
    public static func - (a: Coefficient, b: Coefficient) -> Coefficient { a.zip(b) { $0 - $1 } }
    public static func * (a: Coefficient, b: Coefficient) -> Coefficient { a.zip(b) { $0 * $1 } }
    public static func / (a: Coefficient, b: Coefficient) -> Coefficient { a.zip(b) { $0 / $1 } }

    public var squared: Coefficient { map { $0 * $0 } }
    /// Of what rounding made negative, 0.
    public var squareRoot: Coefficient { map { max(0, $0).squareRoot() } }
    public var logarithm: Coefficient { map { log($0) } }

    public static func * (a: Coefficient, x: Tensor) -> Tensor {
        a.values.count == 1 ? x * Float(a.values[0]) : a.tensor * x
    }
}

/// How much signal and how much noise: x_t = α x0 + σ ε.
public struct NoiseLevel: Sendable, Equatable {
    public let alpha, sigma: Coefficient

    public init(alpha: Coefficient, sigma: Coefficient) {
        self.alpha = alpha
        self.sigma = sigma
    }

    public init(alpha: Double, sigma: Double) {
        self.init(alpha: Coefficient(alpha), sigma: Coefficient(sigma))
    }

    /// σ / α; infinite where nothing is left of the data.
    public var ratio: Coefficient { sigma / alpha }
    /// ln(α² / σ²).
    public var logSNR: Coefficient { alpha.zip(sigma) { 2 * log($0 / $1) } }
    /// α² / σ².
    public var signalToNoise: Coefficient { (alpha / sigma).squared }
    /// No noise anywhere.
    public var isClean: Bool { sigma.allSatisfy { $0 == 0 } }
}
