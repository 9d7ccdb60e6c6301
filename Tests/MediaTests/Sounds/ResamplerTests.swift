import Glibc
import Media
import TestKit
import Tensors
import Testing

@Suite struct ResamplerTests {
    private func tone(_ hertz: Double, _ rate: Int, seconds: Double = 0.5, phase: Double = 0.3) -> Sound {
        let count = Int(seconds * Double(rate))
        return Sound(
            rate: rate, samples: (0..<count).map { Float(sin(2 * Double.pi * hertz * Double($0) / Double(rate) + phase)) })
    }

    /// Away from the ends, where silence begins.
    private func inner(_ sound: Sound) -> ArraySlice<Float> {
        let margin = sound.rate / 20
        return sound.samples[margin..<sound.samples.count - margin]
    }

    static let rates = [
        (44_100, 22_050), (48_000, 22_050), (16_000, 22_050), (22_050, 48_000), (8000, 44_100), (192_000, 22_050),
    ]

    @Test(arguments: rates) func `tones below 0.88 of the lower half rate stay what they are, to the sample`(
        _ from: Int, _ to: Int
    ) {
        let half = Double(min(from, to)) / 2
        for share in [0.001, 0.1, 0.5, 0.8, 0.88] {
            let (found, expected) = (tone(share * half, from).resampled(to: to), tone(share * half, to))
            #expect(abs(found.frames - expected.frames) <= 1)
            let worst = zip(inner(found), inner(expected)).map { abs($0 - $1) }.max()!
            #expect(worst < 2e-5, "\(share) of \(half) Hz: \(worst)")
        }
    }

    @Test(arguments: rates.filter { $0.0 > $0.1 }) func `what lies above the new half rate is 110 dB down`(_ from: Int, _ to: Int)
    {
        for hertz in [0.502, 0.6, 0.75, 1.1].map({ $0 * Double(to) }) where hertz < Double(from) / 2 {
            let left = inner(tone(hertz, from).resampled(to: to)).map { abs($0) }.max()!
            #expect(20 * log10(Double(left)) < -110, "\(hertz) Hz leaves \(left)")
        }
    }

    @Test func `there are as many samples as the time asks for, and blocks do not matter`() {
        let noise = Noise(seed: 1).normal([5000]).values
        for (from, to) in Self.rates + [(44_100, 44_099), (3, 2)] {
            var (whole, parts) = (Resampler(from: from, to: to), Resampler(from: from, to: to))
            let all = whole.push(noise) + whole.finish()
            #expect(all.count == (5000 * to + from - 1) / from)
            var cut: [Float] = []
            for start in stride(from: 0, to: 5000, by: 7) { cut += parts.push(Array(noise[start..<min(5000, start + 7)])) }
            cut += parts.finish()
            #expect(cut == all, "\(from) to \(to)")
        }
        var none = Resampler(from: 3, to: 2)
        #expect(none.push([]) + none.finish() == [])
    }

    @Test func `channels are resampled each for itself`() {
        let (left, right) = (tone(300, 48_000), tone(1100, 48_000))
        let both = Sound(rate: 48_000, channels: 2, samples: zip(left.samples, right.samples).flatMap { [$0, $1] })
        let found = both.resampled(to: 22_050)
        let (l, r) = (left.resampled(to: 22_050).samples, right.resampled(to: 22_050).samples)
        #expect(found.samples == zip(l, r).flatMap { [$0, $1] } && found.rate == 22_050 && found.channels == 2)
        #expect(both.resampled(to: 48_000) == both)
    }
}
