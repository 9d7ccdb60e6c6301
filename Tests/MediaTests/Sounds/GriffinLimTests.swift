import Glibc
import Media
import Tensors
import Testing

@Suite struct GriffinLimTests {
    private let mel = MelSpectrogram()

    /// A gliding chord with a pause.
    private var sound: Sound {
        Sound(
            rate: 22_050,
            samples: (0..<22_050).map { i in
                let t = Double(i) / 22_050
                guard !(0.45...0.55).contains(t) else { return 0 }
                return Float([300.0, 700, 1900].reduce(0) { $0 + 0.15 * sin(2 * Double.pi * ($1 + 200 * t) * t) })
            })
    }

    private func distance(_ iterations: Int, momentum: Float = 0.99, seed: UInt64 = 1) -> Float {
        let spectrogram = mel(sound)
        let again = GriffinLim(mel, iterations: iterations, momentum: momentum)(spectrogram, noise: Noise(seed: seed))
        return (mel(again) - spectrogram).abs().values.reduce(0, +) / Float(spectrogram.count)
    }

    @Test func `sound that is made of a spectrogram has that spectrogram, the better the longer it is worked on`() {
        let found = [0, 4, 32].map { distance($0) }
        #expect(found[0] > 1.5 * found[1] && found[1] > found[2] && found[2] < 0.03, "\(found)")
        #expect(distance(32) < distance(32, momentum: 0), "the quick step is quicker")
    }

    @Test func `phases come from the noise alone`() {
        let spectrogram = mel(sound)
        let vocoder = GriffinLim(mel, iterations: 2)
        let (a, b) = (vocoder(spectrogram, noise: Noise(seed: 1)), vocoder(spectrogram, noise: Noise(seed: 1)))
        #expect(a == b && a != vocoder(spectrogram, noise: Noise(seed: 2)))
        #expect(a.rate == 22_050 && a.frames == (spectrogram.shape[0] - 1) * 256)
        #expect(vocoder(spectrogram, samples: 22_050, noise: Noise(seed: 1)).frames == 22_050)
    }

    @Test func `silence stays nearly silent and one frame is enough`() {
        let silent = GriffinLim(mel, iterations: 4)(.zeros([20, 80]), noise: Noise(seed: 1))
        #expect(silent.samples.allSatisfy { abs($0) < 1e-3 })
        let one = GriffinLim(mel)(.ones([1, 80]), noise: Noise(seed: 1)).samples
        #expect(one.count == 1 && abs(one[0]) > 0 && one[0].isFinite)
    }
}
