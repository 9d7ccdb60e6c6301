import Media
import TestKit
import Tensors
import Testing

@Suite struct PictureAugmentationTests {
    private let places = (0..<6).map { Noise(seed: 1)($0) }
    private let noisy = Noise(seed: 2).uniform([6, 7, 10, 3]) * 2 - 1

    private func augmentation(
        crop: ClosedRange<Float> = 1...1, flips: Bool = false, color: Float = 0
    ) -> PictureAugmentation { PictureAugmentation(crop: crop, flips: flips, color: color) }

    @Test func `nothing asked for changes nothing, bit for bit`() { expectIdentical(augmentation()(noisy, at: places), noisy) }

    @Test func `a mirrored picture is the picture mirrored, and about half of them are`() {
        var flipped = 0
        for seed in 0..<40 {
            let view = augmentation(flips: true)(noisy, at: [Noise](repeating: Noise(seed: 3)(seed), count: 6))
            if view.values == noisy.values { continue }
            expectClose(view, noisy.flipped(2), absolute: 1e-6)
            flipped += 1
        }
        #expect((8...32).contains(flipped))
    }

    /// A ramp stays one under a cut, with the slope of the cut's side: what is shown is a part, and where it lies is right.
    @Test func `a cut of a ramp is a gentler ramp within it`() {
        let ramp = (Tensor.arange(10).reshaped([1, 1, 10, 1]) / 10).broadcast(to: [6, 7, 10, 3])
        let view = augmentation(crop: 0.5...0.5)(Tensor(ramp.values, ramp.shape), at: places)
        let slope = view.slice(2, 2..<9) - view.slice(2, 1..<8)
        expectClose(slope, .full(slope.shape, 0.05), absolute: 1e-5, "slope")
        let starts = view.slice(1, 0..<1).slice(2, 0..<1).slice(3, 0..<1).values
        #expect(starts.allSatisfy { $0 >= 0 && $0 <= 0.5 } && Set(starts).count == 6, "\(starts)")
    }

    @Test func `a view wider than the picture repeats its edge`() {
        var values = [Float](repeating: 0.25, count: 6 * 6 * 3)
        for y in 1..<5 { for x in 1..<5 { for c in 0..<3 { values[(y * 6 + x) * 3 + c] = -0.5 } } }
        let view = augmentation(crop: 1.5...1.5)(Tensor(values, [1, 6, 6, 3]), at: [Noise(seed: 4)])
        let edge = [view.slice(1, 0..<1), view.slice(1, 5..<6)].flatMap(\.values)
        #expect(edge.filter { $0 == 0.25 }.count >= 18 && view.values.contains { $0 < 0 }, "\(edge)")
    }

    @Test func `colours of grays stay gray, and no change is larger than asked for`() {
        let gray = Tensor.full([6, 2, 2, 3], 0.5)
        let view = augmentation(color: 0.2)(gray, at: places).values
        for pixel in stride(from: 0, to: view.count, by: 3) {
            #expect(abs(view[pixel] - view[pixel + 1]) < 1e-6 && abs(view[pixel] - view[pixel + 2]) < 1e-6)
            #expect(view[pixel] >= 0.5 * 0.8 - 0.2 - 1e-6 && view[pixel] <= 0.5 * 1.2 + 0.2 + 1e-6)
        }
        #expect(Set(view).count > 3)
        let saturated = augmentation(color: 1)(noisy, at: places).values
        #expect(saturated.allSatisfy { $0 >= -1 && $0 <= 1 })
        #expect(saturated != noisy.values)
    }

    @Test func `a picture's view depends on its place alone`() {
        let all = augmentation(crop: 0.6...1.2, flips: true, color: 0.3)
        let whole = all(noisy, at: places)
        for i in 0..<6 {
            expectIdentical(all(noisy.slice(0, i..<i + 1), at: [places[i]]), whole.slice(0, i..<i + 1), "picture \(i)")
        }
        #expect(all(noisy, at: places.map { $0("other") }).values != whole.values)
    }
}
