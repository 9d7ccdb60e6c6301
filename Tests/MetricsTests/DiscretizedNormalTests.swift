import Glibc
import Metrics
import Testing

@Suite struct DiscretizedNormalTests {
    @Test(arguments: [0.05, 0.7, 6.0, 90.0], [-3.0, 0.0, 17.3, 254.9, 260.0])
    func `chances of the 256 values sum to one`(_ deviation: Double, _ mean: Double) {
        let normal = DiscretizedNormal(deviation: deviation)
        let total = (0..<256).reduce(0) { $0 + exp2(-normal.bits($1, around: mean)) }
        #expect(abs(total - 1) < 1e-9, "\(total)")
    }

    /// Of scipy.stats.norm: -log2 of cdf differences, sf and cdf at the ends.
    @Test func `bits are scipy's`() {
        func bits(_ value: Int, _ mean: Double, _ deviation: Double) -> Double {
            DiscretizedNormal(deviation: deviation).bits(value, around: mean)
        }
        for (value, mean, deviation, expected) in Self.scipy {
            #expect(abs(bits(value, mean, deviation) - expected) < 1e-6 * max(1, expected), "\(value) \(mean) \(deviation)")
        }
    }

    private static let scipy: [(Int, Double, Double, Double)] = [
        (100, 100.0, 1.0, 1.384866534), (100, 97.3, 1.5, 4.190083634), (103, 97.3, 1.5, 11.991398965),
        (0, 2.5, 3.0, 1.985687345), (255, 250.0, 2.0, 6.354083959), (0, -1.0, 0.5, 0.001948807),
        (120, 100.0, 2.5, 48.255951618), (80, 100.0, 2.5, 48.255951618), (255, 100.0, 20.0, 47.345384948),
    ]
}
