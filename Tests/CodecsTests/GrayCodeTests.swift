import Codecs
import Glibc
import Tensors
import Testing

@Suite struct GrayCodeTests {
    private func bits(_ code: GrayCode, _ values: [Float]) -> [[Int32]] {
        let points = Tensor(values, [values.count / code.size, 1, 1, code.size])
        guard case .tokens(let tokens) = code.encode(points) else { return [] }
        return (0..<values.count).map { Array(tokens.values[$0 * code.bits..<($0 + 1) * code.bits]) }
    }

    @Test func `neighbouring cells differ in one bit, and all cells are different`() {
        let code = GrayCode(size: 1, bits: 5, reach: 1)
        let all = bits(code, (0..<32).map { (Float($0) + 0.5) / 16 - 1 })
        #expect(Set(all).count == 32)
        for (a, b) in zip(all, all.dropFirst()) { #expect(zip(a, b).count { $0 != $1 } == 1, "\(a), \(b)") }
        // The published code of 0 to 7 with three bits.
        #expect(
            bits(GrayCode(size: 1, bits: 3, reach: 4), [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5])
                == [[0, 0, 0], [0, 0, 1], [0, 1, 1], [0, 1, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1], [1, 0, 0]])
    }

    @Test func `points come back within half a cell, and those out of reach at its end`() {
        let code = GrayCode(size: 3, bits: 12, reach: 2)
        let points = (Noise(seed: 1).uniform([50, 1, 1, 3]) * 2 - 1) * 2
        let back = code.decode(code.encode(points))
        #expect(back.shape == points.shape)
        let half: Float = 2 / 4096
        #expect((back - points).abs().values.max()! <= half * 1.001)
        #expect((back - points).abs().values.max()! > half * 0.8)
        let far = code.decode(code.encode(Tensor([-9, 9, .nan], [1, 1, 1, 3]))).values
        #expect(far == [-2 + half, 2 - half, -2 + half])
    }
}
