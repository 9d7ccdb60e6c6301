import Glibc
import Metrics
import Tensors
import Testing

@Suite struct FrechetDistanceTests {
    private func features(_ rows: Int, _ width: Int, _ body: (Double, Double) -> Double) -> Tensor {
        var values: [Float] = []
        for i in 0..<rows { for j in 0..<width { values.append(Float(body(Double(i), Double(j)))) } }
        return Tensor(values, [rows, width])
    }

    private func statistics(_ x: Tensor, batch: Int) -> FeatureStatistics {
        var s = FeatureStatistics(width: x.shape[1])
        for start in stride(from: 0, to: x.shape[0], by: batch) { s.add(x.slice(0, start..<min(start + batch, x.shape[0]))) }
        return s
    }

    @Test func `the distance is that of SciPy's matrix square root, however the rows come`() {
        let a = features(40, 5) { sin(1.3 * $0 * ($1 + 1) + 0.5 * $1) + 0.2 * $1 }
        let b = features(40, 5) { cos(0.7 * $0 * ($1 + 2) + $1) * 1.5 - 0.1 * $1 + sin(0.3 * $0) }
        for batch in [40, 7, 1] {
            let found = frechetDistance(statistics(a, batch: batch), statistics(b, batch: batch))
            #expect(abs(found - 4.994461123449098) < 1e-5, "\(found)")
        }
        #expect(frechetDistance(statistics(a, batch: 40), statistics(a, batch: 40)) < 1e-9)
    }

    @Test func `diagonal covariances have the closed form`() {
        let (m1, m2): ([Double], [Double]) = ([1, -2, 0], [0.5, 1, 0])
        let (c1, c2): ([Double], [Double]) = ([4, 0.25, 0], [1, 9, 2])
        func diagonal(_ values: [Double]) -> [Double] { (0..<9).map { $0 % 4 == 0 ? values[$0 / 4] : 0 } }
        var expected = 0.0
        for i in 0..<3 {
            let (step, spread) = (m1[i] - m2[i], c1[i].squareRoot() - c2[i].squareRoot())
            expected += step * step + spread * spread
        }
        let found = frechetDistance(meanA: m1, covarianceA: diagonal(c1), meanB: m2, covarianceB: diagonal(c2))
        #expect(abs(found - expected) < 1e-12)
    }

    @Test func `a rotation of both sides changes nothing, and the order does not matter`() {
        let a = features(60, 4) { sin(0.9 * $0 * ($1 + 1)) * ($1 + 1) }
        let b = features(50, 4) { cos(1.7 * $0 + $1 * $0) + $1 }
        let (c, s) = (Float(cos(0.7)), Float(sin(0.7)))
        let rotation = Tensor([c, -s, 0, 0, s, c, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], [4, 4])
        let plain = frechetDistance(statistics(a, batch: 60), statistics(b, batch: 50))
        #expect(abs(frechetDistance(statistics(b, batch: 50), statistics(a, batch: 60)) - plain) < 1e-9 * plain)
        func turned(_ x: Tensor) -> FeatureStatistics { statistics(matmul(x, rotation), batch: 60) }
        #expect(abs(frechetDistance(turned(a), turned(b)) - plain) < 1e-4 * plain)
        #expect(plain > 1)
    }

    @Test func `fewer rows than features, and a large common mean, keep their digits`() {
        let a = features(5, 12) { sin(3 * $0 + $1 * $1) }
        let b = features(5, 12) { cos(2 * $0 + $1 * $1) }
        let near = frechetDistance(statistics(a, batch: 5), statistics(b, batch: 5))
        let far = frechetDistance(statistics(a + 4096, batch: 2), statistics(b + 4096, batch: 2))
        #expect(near.isFinite && near > 0.1)
        #expect(abs(near - far) < 1e-2 * near)
    }

    @Test func `mean and covariance are those of the definition`() {
        let s = statistics(Tensor([1, 2, 3, 5, 8, 2], [3, 2]), batch: 2)
        #expect(s.count == 3)
        #expect(zip(s.mean, [4.0, 3.0]).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(zip(s.covariance, [13.0, -1.5, -1.5, 3.0]).allSatisfy { abs($0 - $1) < 1e-12 })
    }
}
