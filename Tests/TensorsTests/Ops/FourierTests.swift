import Glibc
import TestKit
import Tensors
import Testing

@Suite struct FourierTests {
    static let lengths = [2, 4, 6, 10, 12, 30, 64, 90, 400, 1024]

    /// By the formula.
    private func slow(_ x: Tensor) -> Tensor {
        let (rows, n) = x.shape2
        let (values, bins) = (x.values.map(Double.init), n / 2 + 1)
        var out: [Float] = []
        for r in 0..<rows {
            for part in 0..<2 {
                for k in 0..<bins {
                    let sum = (0..<n).reduce(0.0) { sum, j in
                        let angle = -2 * Double.pi * Double(j * k % n) / Double(n)
                        return sum + values[r * n + j] * (part == 0 ? cos(angle) : sin(angle))
                    }
                    out.append(Float(sum))
                }
            }
        }
        return Tensor(out, [rows, 2, bins])
    }

    @Test(arguments: lengths) func `is the sum of its formula, and its inverse takes it back`(_ n: Int) {
        for rows in n > 100 ? [3] : [1, 16, 19] {
            let (fourier, x) = (FourierTransform(n), Noise(seed: 1)(rows).normal([rows, n]))
            expectClose(fourier(x), slow(x), relative: 2e-6, "\(rows) rows of \(n)")
            expectClose(fourier.inverse(fourier(x)), x, relative: 2e-6, "\(rows) rows of \(n)")
        }
    }

    @Test func `imaginary parts of the first and last bin do not count in the inverse`() {
        let fourier = FourierTransform(12)
        let x = Noise(seed: 2).normal([2, 2, 7])
        var values = x.values
        for at in [7, 13, 21, 27] { values[at] = 100 }
        expectClose(fourier.inverse(Tensor(values, [2, 2, 7])), fourier.inverse(x), relative: 0)
    }

    @Test func `knows even lengths of small factors`() {
        #expect([2, 6, 400, 1024, 1920].allSatisfy { FourierTransform.isKnown($0) })
        #expect(![0, 1, 7, 14, 1022, 1023, -4].contains { FourierTransform.isKnown($0) })
    }

    @Test func `gradients agree with differences`() {
        let noise = Noise(seed: 3)
        for n in [2, 10, 24] {
            let fourier = FourierTransform(n)
            gradientCheck("fourier", [noise.normal([3, n])]) { fourier($0[0]) }
            gradientCheck("fourier inverse", [noise.normal([3, 2, fourier.bins])]) { fourier.inverse($0[0]) }
        }
        let window = noise.normal([5])
        for hop in [1, 2, 5, 7] {
            gradientCheck("framed", [noise.normal([2, 23])]) { framed($0[0], size: 5, hop: hop, window: window) }
            gradientCheck("overlapAdded", [noise.normal([2, 3, 5])]) { overlapAdded($0[0], length: 21, hop: hop, window: window) }
        }
        gradientCheck("flipped", [noise.normal([2, 3, 5])]) { $0[0].flipped(1) }
        let short = ShortTimeFourier(size: 12, hop: 3)
        gradientCheck("short-time", [noise.normal([2, 20])]) { short($0[0]) }
        gradientCheck("short-time inverse", [noise.normal([2, 7, 2, 7])]) { short.inverse($0[0], length: 20) }
    }

    @Test func `frames lie where they should, and long signals are added up in pieces`() {
        let x = Tensor.arange(10).unsqueezed(0)
        #expect(framed(x, size: 4, hop: 3).values == [0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9])
        #expect(overlapAdded(framed(x, size: 4, hop: 3), length: 11, hop: 3).values == [0, 1, 2, 6, 4, 5, 12, 7, 8, 9, 0])
        let frames = Noise(seed: 4).normal([2, 190, 1024])
        let (found, length) = (overlapAdded(frames, length: 50_000, hop: 256), 50_000)
        var expected = [Float](repeating: 0, count: 2 * length)
        let values = frames.values
        for signal in 0..<2 {
            for f in 0..<190 {
                for i in 0..<1024 { expected[signal * length + f * 256 + i] += values[(signal * 190 + f) * 1024 + i] }
            }
        }
        expectClose(found, Tensor(expected, [2, length]), relative: 1e-6)
    }

    @Test func `signals go on as their mirror images`() {
        let x = Tensor([1, 2, 3], [1, 3])
        #expect(reflected(x, by: 2).values == [3, 2, 1, 2, 3, 2, 1])
        #expect(reflected(x, by: 5).values == [2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2])
        #expect(reflected(Tensor([4], [1, 1]), by: 2).values == [4, 4, 4, 4, 4])
    }

    @Test func `short-time spectra agree with librosa's, and so does the signal that comes nearest to spectra of none`() throws {
        let golden = try Goldens.open("mel.safetensors")
        let (re, im) = (try golden.tensor("stft.re"), try golden.tensor("stft.im"))
        let short = ShortTimeFourier(size: 400, hop: 160)
        let x = try golden.tensor("noise.samples").slice(0, 0..<1200).unsqueezed(0)
        let spectra = short(x)
        expectClose(spectra.squeezed(0), stacked([re, im], axis: 1), relative: 2e-6)
        expectClose(short.inverse(spectra, length: 1200), x, relative: 2e-6)
        let odd = Tensor((0..<re.shape[0]).map { 1 + 0.5 * Float($0 % 2) }, [1, re.shape[0], 1, 1])
        expectClose(short.inverse(spectra * odd, length: 1200).squeezed(0), try golden.tensor("istft"), relative: 1e-5)
    }
}
