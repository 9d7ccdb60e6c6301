import Glibc
import Metrics
import Tensors
import TestKit
import Testing

/// Against `Tests/Goldens/sounds.py`, and closed forms.
@Suite struct SoundDifferenceTests {
    private let golden = Golden("sounds")

    @Test func `distances are SciPy's`() {
        let (a, b) = (golden["a"].log(), golden["b"].log())
        for (count, name) in [(13, "cepstral"), (5, "cepstral.5")] {
            let found = SoundDifference.melCepstral(a, b, coefficients: count)
            #expect(abs(found / Double(golden[name].scalar) - 1) < 1e-5)
        }
        let spectral = SoundDifference.logSpectral(golden["p"], golden["q"])
        #expect(abs(spectral / Double(golden["spectral"].scalar) - 1) < 1e-5)
    }

    @Test func `a cosine of one coefficient and a change of loudness have the distances of the closed form`() {
        let bands = 40
        let wave = Tensor((0..<bands).map { Float(cos(Double.pi * 3 * (Double($0) + 0.5) / Double(bands))) }, [1, bands])
        let silence = Tensor.zeros([1, bands])
        // Coefficient 3 is √(bands / 2) times the amplitude.
        let expected = 10 / log(10) * (2 * Double(bands) / 2).squareRoot()
        #expect(abs(SoundDifference.melCepstral(wave, silence) - expected) < 1e-5)
        #expect(SoundDifference.melCepstral(wave + 2, wave) < 1e-5, "louder, but the same")
        #expect(SoundDifference.melCepstral(wave, wave) == 0)
        let x = Noise(seed: 1).uniform([3, 9]) + 0.1
        #expect(abs(SoundDifference.logSpectral(x * 10, x) - 20) < 1e-4)
        #expect(SoundDifference.logSpectral(x * 1e-9, .zeros([3, 9])) == 0, "both below the floor")
    }
}
