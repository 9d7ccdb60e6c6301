import Diffusion
import Tensors
import Testing

@Suite struct LengthHistogramTests {
    @Test func `lengths are drawn as often as they were seen`() {
        let counts = [0, 40, 10, 0, 100, 50]
        let histogram = LengthHistogram(counts: counts)
        let draws = 20_000
        var found = [Int](repeating: 0, count: 6)
        for i in 0..<draws { found[histogram.draw(Noise(seed: 7)(i)) - 1] += 1 }
        #expect(found[0] == 0 && found[3] == 0)
        let chiSquare = zip(found, counts).filter { $1 > 0 }.reduce(0.0) { sum, pair in
            let expected = Double(draws * pair.1) / 200
            return sum + (Double(pair.0) - expected) * (Double(pair.0) - expected) / expected
        }
        // Three degrees of freedom: once in a thousand by chance.
        #expect(chiSquare < 16.27, "\(chiSquare): \(found)")
    }

    @Test func `a length is its place's, a mask its first places, and nothing seen gives the greatest`() {
        var histogram = LengthHistogram(counts: [0, 0, 0])
        #expect(histogram.draw(Noise(seed: 1)) == 3)
        histogram.add(2)
        #expect(histogram.draw(Noise(seed: 1)) == 2 && histogram.draw(Noise(seed: 2)) == 2)
        #expect(histogram.mask([2, 3, 1]).values == [1, 1, 0, 1, 1, 1, 1, 0, 0])
    }
}
