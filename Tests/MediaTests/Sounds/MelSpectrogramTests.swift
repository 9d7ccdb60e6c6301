import Glibc
import Media
import TestKit
import Tensors
import Testing

@Suite struct MelSpectrogramTests {
    private static let golden = try! Goldens.open("mel.safetensors")

    private func sound(_ name: String) throws -> Sound {
        Sound(rate: name == "chirp" ? 44_100 : 22_050, samples: try Self.golden.tensor(name + ".samples").values)
    }

    @Test(arguments: ["speech", "noise", "few", "one", "silence"]) func `agrees with librosa`(_ name: String) throws {
        expectClose(MelSpectrogram()(try sound(name)), try Self.golden.tensor(name + ".mel"), relative: 0, absolute: 1e-5, name)
    }

    @Test func `sound of another rate is resampled, and agrees with librosa's after its own`() throws {
        let (found, expected) = (MelSpectrogram()(try sound("chirp")), try Self.golden.tensor("chirp.mel"))
        let inner = 1..<found.shape[0] - 1
        expectClose(found.slice(0, inner), expected.slice(0, inner), relative: 0, absolute: 5e-5)
        // At the ends the two filters see different parts of the silence around.
        expectClose(found, expected, relative: 0, absolute: 3e-4)
    }

    @Test func `filters agree with librosa`() throws {
        var settings = MelSettings()
        (settings.rate, settings.size, settings.bands, settings.low, settings.high) = (16_000, 400, 40, 20, 8000)
        expectClose(MelSpectrogram(settings).filters, try Self.golden.tensor("filters"), relative: 1e-6)
    }

    /// The sheet's checks of the released front end.
    @Test func `ten seconds are 862 frames, a pure tone is one bright band, silence is dark, amplitudes come back`() throws {
        let mel = MelSpectrogram()
        let tone = Sound(rate: 22_050, samples: (0..<220_500).map { sin(2 * Float.pi * 1000 * Float($0) / 22_050) })
        let spectrogram = mel(tone)
        #expect(spectrogram.shape == [862, 80] && mel.fourier.frames(of: 220_500) == 862)
        let middle = Array(spectrogram.values[80 * 400..<80 * 401])
        let brightest = try #require(middle.indices.max { middle[$0] < middle[$1] })
        #expect(middle[brightest] > 0.8 && middle.indices.allSatisfy { abs($0 - brightest) < 8 || middle[$0] < 0.35 })
        #expect(mel(Sound(rate: 22_050, samples: [Float](repeating: 0, count: 9000))).values.allSatisfy { $0 == 0 })
        // 10^-4 is 0 and 10 is 1; between them nothing is lost.
        let amplitudes = Tensor([1e-6, 1e-4, 3e-3, 0.5, 10, 90], [6])
        let values = mel.normalized(amplitudes)
        expectClose(values, Tensor([0, 0, 0.295_424, 0.739_794, 1, 1], [6]), relative: 0, absolute: 2e-6)
        expectClose(mel.amplitudes(values), Tensor([1e-4, 1e-4, 3e-3, 0.5, 10, 10], [6]), relative: 0, absolute: 3e-5)
    }

    @Test func `several channels count by their mean, and the same sound at two rates looks alike`() throws {
        func wave(_ rate: Int) -> [Float] {
            (0..<rate / 2).map { i in
                let t = Double(i) / Double(rate)
                return Float(0.3 * sin(2 * Double.pi * 440 * t) + 0.2 * sin(2 * Double.pi * (2000 + 3000 * t) * t))
            }
        }
        let mel = MelSpectrogram()
        let (one, twice) = (mel(Sound(rate: 22_050, samples: wave(22_050))), mel(Sound(rate: 44_100, samples: wave(44_100))))
        #expect(one.shape == twice.shape)
        // But at the ends, where the one is mirrored before it is resampled.
        let inner = 3..<one.shape[0] - 3
        #expect((one.slice(0, inner) - twice.slice(0, inner)).abs().values.max()! < 2e-3)
        let (left, right) = (wave(22_050), wave(22_050).map { -0.5 * $0 })
        let stereo = Sound(rate: 22_050, channels: 2, samples: zip(left, right).flatMap { [$0, $1] })
        expectClose(mel(stereo), mel(Sound(rate: 22_050, samples: left.map { 0.25 * $0 })), relative: 0, absolute: 1e-5)
    }

    @Test(arguments: [22_050, 48_000]) func `a file read in blocks gives what the whole sound gives`(_ rate: Int) throws {
        let samples = Noise(seed: 3).normal([2 * 300_000]).values.map { 0.1 * $0 }
        let sound = Sound(rate: rate, channels: 2, samples: samples)
        let bytes = try sound.encoded(.flac)
        let decoded = try Sound.decode(bytes, from: "x.flac")
        let mel = MelSpectrogram()
        expectClose(try mel(SoundReader(bytes, from: "x.flac")), mel(decoded), relative: 0, absolute: 1e-6)
    }

    @Test func `settings that cannot be are refused by name`() {
        func complaint(_ change: (inout MelSettings) -> Void) -> String {
            var settings = MelSettings()
            change(&settings)
            do {
                try settings.check(at: "mel")
                return ""
            } catch { return "\(error)" }
        }
        #expect(complaint { _ in } == "")
        #expect(complaint { $0.size = 1022 }.contains("mel.size") && complaint { $0.size = 1 << 17 }.contains("mel.size"))
        #expect(complaint { $0.hop = 1 }.contains("mel.hop") && complaint { $0.hop = 1025 }.contains("mel.hop"))
        #expect(complaint { $0.high = 12_000 }.contains("mel.high") && complaint { $0.low = 9000 }.contains("mel.high"))
        #expect(complaint { $0.bands = 1025 }.contains("mel.bands") && complaint { $0.rate = 0 }.contains("mel.rate"))
        #expect(complaint { $0.floor = 0 }.contains("mel.floor") && complaint { $0.range = 0 }.contains("mel.range"))
    }
}
