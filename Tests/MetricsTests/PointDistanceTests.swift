import Glibc
import Metrics
import TestKit
import Tensors
import Testing

@Suite struct PointDistanceTests {
    @Test func `three points and two are compared as by hand`() {
        let x = Tensor([0, 0, 1, 0, 0, 2], [3, 2])
        let y = Tensor([1, 1, 0, 1], [2, 2])
        func k(_ square: Double) -> Double { exp(-square / (2 * 0.25)) }
        let own = 2 * (k(1) + k(4) + k(5)) / 6
        let other = k(1)
        let across = (k(2) + k(1) + k(1) + k(2) + k(2) + k(1)) / 6
        #expect(abs(pointDistance(x, y, width: 0.5) - (own + other - 2 * across)) < 1e-12)
    }

    @Test func `of normal distributions it is the closed formula's`() {
        let (a, b) = (Noise(seed: 1).normal([3000, 2]) * 0.5, Noise(seed: 2).normal([3000, 2]) * 0.3 + 0.4)
        /// E k(x, y) where x - y has these variances and this square of its mean.
        func mean(_ variance: Double, _ square: Double) -> Double {
            let wide = 0.04 + variance
            return 0.04 / wide * exp(-square / (2 * wide))
        }
        let expected = mean(2 * 0.25, 0) + mean(2 * 0.09, 0) - 2 * mean(0.25 + 0.09, 2 * 0.16)
        #expect(abs(pointDistance(a, b) - expected) < 0.004, "\(pointDistance(a, b)) for \(expected)")
        #expect(abs(pointDistance(a, Noise(seed: 3).normal([3000, 2]) * 0.5)) < 0.001)
    }
}
