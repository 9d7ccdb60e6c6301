import TestKit
import Tensors
import Testing

@Suite struct GrowingTensorTests {
    private static func part(_ B: Int, _ n: Int, _ seed: UInt64) -> Tensor { Noise(seed: seed).normal([B, n, 2, 3]) }

    @Test func `it holds what was appended, and what it said before stays`() {
        let growing = GrowingTensor()
        var parts: [Tensor] = []
        var said: [Tensor] = []
        for (i, n) in [1, 3, 40, 1, 50].enumerated() {
            parts.append(Self.part(2, n, UInt64(i)))
            said.append(growing.append(parts[i]))
        }
        #expect(growing.count == 95)
        for i in parts.indices { expectIdentical(said[i], concatenated(Array(parts[...i]), axis: 1), "after \(i)") }
    }

    @Test func `rows go on in another order, twice or not at all`() {
        let growing = GrowingTensor()
        growing.reorder([0, 0])  // nothing yet
        let first = growing.append(Self.part(3, 2, 1))
        let kept = first.values
        growing.reorder([0, 1, 2])
        growing.reorder([2, 0, 0, 1])
        let second = growing.append(Self.part(4, 1, 2))
        expectIdentical(second, concatenated([first.gathered(0, [2, 0, 0, 1]), Self.part(4, 1, 2)], axis: 1))
        growing.reorder([3])
        expectIdentical(
            growing.append(Self.part(1, 1, 3)),
            concatenated([second.slice(0, 3..<4), Self.part(1, 1, 3)], axis: 1))
        #expect(first.values == kept && growing.count == 4)
        growing.reorder([])
        #expect(growing.append(.zeros([0, 1, 2, 3])).shape == [0, 5, 2, 3])
    }
}
