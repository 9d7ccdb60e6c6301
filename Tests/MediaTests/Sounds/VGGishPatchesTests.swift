import Glibc
import Media
import Tensors
import TestKit
import Testing

/// Against the front end of torchvggish, `Tests/Goldens/hearing.py`.
@Suite struct VGGishPatchesTests {
    /// The fixture's: a rising tone and a steady one, with silence in the middle.
    private var samples: [Float] {
        (0..<32_000).map { n in
            guard n < 14_000 || n >= 18_000 else { return 0 }
            let t = Double(n) / 16_000
            return Float(0.5 * sin(2 * .pi * (200 * t + 900 * t * t)) + 0.2 * sin(2 * .pi * 3000 * t))
        }
    }

    @Test func `patches are the published program's`() {
        expectClose(VGGishPatches()(Sound(rate: 16_000, samples: samples)), Golden("vggish")["patches"], absolute: 1e-4)
    }

    @Test func `other rates and channels are heard alike, a short sound fills a patch, a rest is dropped`() {
        let patches = VGGishPatches()
        let mono = patches(Sound(rate: 16_000, samples: samples))
        let stereo = Sound(rate: 16_000, channels: 2, samples: samples.flatMap { [$0, $0] })
        expectClose(patches(stereo), mono, absolute: 1e-5)
        #expect(patches(Sound(rate: 16_000, samples: [0.5])).shape == [1, 96, 64])
        #expect(patches(Sound(rate: 44_100, samples: [Float](repeating: 0.1, count: 44_100 * 3))).shape == [3, 96, 64])
        let silence = patches(Sound(rate: 16_000, samples: [Float](repeating: 0, count: 16_000)))
        expectClose(silence, Tensor(Float(log(0.01))).broadcast(to: [1, 96, 64]), absolute: 1e-5)
    }
}
