import Codecs
import TestKit
import Tensors
import Testing

/// Whole numbers as analog bits.
@Suite struct AnalogBitsTests {
    private func codec(_ count: Int, _ code: AnalogBits.Code, scale: Float = 1) -> AnalogBits {
        AnalogBits([count, 1, 1], values: .whole(count), code: code, scale: scale)
    }

    private func bits(_ codec: AnalogBits, _ count: Int) -> Tensor {
        guard case .moments(let mean, let logVariance) = codec.encode(Tensor((0..<count).map(Float.init), [1, count, 1, 1]))
        else {
            fatalError()
        }
        #expect(logVariance.values.allSatisfy { $0 < -100 })
        return mean
    }

    @Test(arguments: AnalogBits.Code.allCases, [2, 3, 5, 16, 27, 256, 300])
    func `every number comes back, however many there are`(code: AnalogBits.Code, count: Int) {
        let codec = codec(count, code, scale: 0.5)
        let mean = bits(codec, count)
        #expect(codec.latents.shape == [count, 1, codec.bits] && 1 << codec.bits >= count && 1 << (codec.bits - 1) < count)
        #expect(mean.values.allSatisfy { abs($0) == 0.5 })
        #expect(codec.decode(mean).values == (0..<count).map(Float.init))
        // Noise below the threshold is forgiven.
        let noisy = mean + Noise(seed: 1).uniform(mean.shape) * 0.98 - 0.49
        #expect(codec.decode(noisy).values == (0..<count).map(Float.init))
    }

    @Test func `the bits are the number's own, the coarsest first`() {
        #expect(bits(codec(8, .binary), 8).slice(1, 6..<7).values == [1, 1, -1])
    }

    @Test func `neighbours in Gray code differ in one bit`() {
        let rows = bits(codec(200, .gray), 200).reshaped([200, 8])
        for i in 1..<200 {
            let differences = zip(rows.slice(0, i - 1..<i).values, rows.slice(0, i..<i + 1).values).count { $0 != $1 }
            #expect(differences == 1, "\(i)")
        }
    }

    @Test func `random bits are a permutation that is the same every time, and no neighbours`() {
        let (a, b) = (bits(codec(256, .random), 256), bits(codec(256, .random), 256))
        #expect(a.values == b.values && a.values != bits(codec(256, .binary), 256).values)
        let rows = a.reshaped([256, 8])
        let changed = (1..<256).map { i in
            zip(rows.slice(0, i - 1..<i).values, rows.slice(0, i..<i + 1).values).count { $0 != $1 }
        }
        #expect(abs(Double(changed.reduce(0, +)) / 255 - 4) < 0.5)
    }

    @Test(arguments: [AnalogBits.Code.binary, .gray]) func `patterns of no number are the last one`(code: AnalogBits.Code) {
        let codec = codec(5, code)
        let all = Tensor((0..<8).flatMap { p in (0..<3).reversed().map { Float(p >> $0 & 1) * 2 - 1 } }, [8, 1, 1, 3])
        let rows = Tensor(
            (0..<8).flatMap { p in all.slice(0, p..<p + 1).values + [Float](repeating: -1, count: 12) }, [8, 5, 1, 3])
        let found = (0..<8).map { codec.decode(rows.slice(0, $0..<$0 + 1)).values[0] }
        #expect(found.allSatisfy { (0...4).contains($0) } && found.count { $0 == 4 } == 4)
    }

    @Test func `levels of pictures are rounded, what is out of range is the nearest`() {
        let codec = AnalogBits([1, 1, 4], values: .levels(256))
        let x = Tensor([-1.5, -1, 0.001, .nan], [1, 1, 1, 4])
        let y = codec.decode(codec.encode(x)).values
        #expect(y == [-1, -1, 2 * Float(128) / 255 - 1, -1] && codec.latents.shape == [1, 1, 32])
        let levels = Tensor((0..<256).map { 2 * Float($0) / 255 - 1 }, [64, 1, 1, 4])
        expectClose(codec.decode(codec.encode(levels)), levels, absolute: 0)
    }
}
