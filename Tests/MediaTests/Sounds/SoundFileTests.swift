import Glibc
import Media
import TestKit
import Tensors
import Testing

@Suite struct SoundFileTests {
    private func noise(_ frames: Int, channels: Int, rate: Int) -> Sound {
        Sound(rate: rate, channels: channels, samples: Noise(seed: 5).uniform([frames * channels]).values.map { 1.6 * $0 - 0.8 })
    }

    @Test(arguments: [(1, 22_050), (2, 44_100), (8, 192_000)])
    func `what is written is read again`(_ channels: Int, _ rate: Int) throws {
        let sound = noise(3001, channels: channels, rate: rate)
        for format in [SoundFormat.wav, .flac] {
            let bytes = try sound.encoded(format, comment: "how it was made")
            let again = try Sound.decode(bytes, from: "x")
            #expect(again.rate == rate && again.channels == channels && again.frames == 3001)
            #expect(zip(again.samples, sound.samples).allSatisfy { abs($0 - $1) <= 1.01 / 32_768 }, "16 bits")
            #expect(try sound.encoded(format, comment: "how it was made") == bytes)
            #expect(String(decoding: bytes, as: UTF8.self).contains("how it was made"))
            #expect(try Sound.decode(again.encoded(format), from: "x") == again, "nothing more is lost")
        }
    }

    @Test func `OGG keeps what is heard`() throws {
        let sound = Sound(rate: 22_050, samples: (0..<22_050).map { 0.5 * sin(2 * Float.pi * 440 * Float($0) / 22_050) })
        let again = try Sound.decode(sound.encoded(.ogg), from: "x.ogg")
        #expect(again.rate == 22_050 && again.channels == 1 && again.frames == 22_050)
        #expect(try sound.encoded(.ogg) == sound.encoded(.ogg))
        let error = zip(again.samples, sound.samples).map { abs($0 - $1) }.max()!
        #expect(error < 0.05)
    }

    @Test func `MP3 is read`() throws {
        let beep = try Sound.decode(Fixtures.bytes("beep.mp3"), from: "beep.mp3")
        #expect(beep.rate == 22_050 && beep.channels == 1 && abs(beep.seconds - 0.5) < 0.06)
        let inner = beep.samples[4000..<8000]
        let loudness = (inner.reduce(0) { $0 + $1 * $1 } / 4000).squareRoot()
        #expect(abs(loudness - 0.4 / Float(2).squareRoot()) < 0.01)
    }

    @Test func `louder than full scale is clipped, not wrapped`() throws {
        let again = try Sound.decode(Sound(rate: 8000, samples: [2, -2, 1, -1, 0.5]).encoded(.wav), from: "x")
        #expect(zip(again.samples, [1, -1, 1, -1, 0.5]).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test func `names say the format, and a file that is there is replaced whole`() throws {
        try Fixtures.withFolder { folder in
            let sound = noise(100, channels: 1, rate: 8000)
            for name in ["a.wav", "b.FLAC", "c.ogg"] {
                try sound.write(to: folder + "/" + name)
                #expect(try Sound.read(folder + "/" + name).frames == 100)
            }
            #expect(throws: InputError.self) { try sound.write(to: folder + "/d.mp3") }
            // What is inside counts, not the name.
            try AtomicFile.write(AtomicFile.read(folder + "/a.wav"), to: folder + "/really-wav.mp3")
            #expect(try Sound.read(folder + "/really-wav.mp3") == Sound.read(folder + "/a.wav"))
        }
    }

    private func complaint(_ bytes: [UInt8]) -> String {
        do {
            _ = try Sound.decode(bytes, from: "x.wav")
            return ""
        } catch { return "\(error)" }
    }

    /// 32-bit float WAV, by hand.
    private func floats(_ samples: [Float], rate: UInt32 = 8000, channels: UInt16 = 1) -> [UInt8] {
        func little<I: FixedWidthInteger>(_ x: I) -> [UInt8] { withUnsafeBytes(of: x.littleEndian, Array.init) }
        let data = samples.flatMap { little($0.bitPattern) }
        let frame = channels * 4
        let format =
            little(UInt16(3)) + little(channels) + little(rate) + little(rate * UInt32(frame)) + little(frame)
            + little(UInt16(32))
        let chunks = Array("fmt ".utf8) + little(UInt32(16)) + format + Array("data".utf8) + little(UInt32(data.count)) + data
        return Array("RIFF".utf8) + little(UInt32(chunks.count + 4)) + Array("WAVE".utf8) + chunks
    }

    @Test func `broken files are refused in words`() throws {
        let whole = floats([0.1, 0.2, -0.3, 0.4])
        #expect(try Sound.decode(whole, from: "x").samples == [0.1, 0.2, -0.3, 0.4])
        #expect(complaint([]).contains("x.wav: is empty"))
        #expect(
            complaint(Array("not a sound at all, only words".utf8)).contains(
                "cannot be read as a sound; expected WAV, FLAC, OGG or MP3"))
        #expect(
            complaint(floats([0, 1, .nan, 0])).contains(
                "a sample that cannot be; expected numbers about -1 to 1; found nan in frame 2"))
        #expect(complaint(floats([0, 1, 0, -.infinity], channels: 2)).contains("found -inf in frame 1"))
        #expect(complaint(floats([0, 1e38])).contains("found 1e+38 in frame 1"))
        #expect(
            complaint(floats([0], rate: 2_000_000)).contains("2000000 Hz") && complaint(floats([0], rate: 1)).contains("1 Hz"))
        #expect(throws: WorkError.self) { try Sound(rate: 8000, samples: [0, .nan]).encoded(.flac) }
        #expect(throws: WorkError.self) { try Sound(rate: 8000, samples: []).encoded(.wav) }
        // Cut off: what is there is read.
        #expect(try Sound.decode(Array(whole.dropLast(6)), from: "x").samples == [0.1, 0.2])
        for path in ["/nowhere/x.wav", "/tmp"] { #expect(throws: InputError.self) { try Sound.read(path) } }
    }

    @Test func `a sound of no or one sample is a sound`() throws {
        #expect(try Sound.decode(Sound(rate: 8000, samples: [0.5]).encoded(.wav), from: "x").frames == 1)
        #expect(try Sound.decode(floats([]), from: "x").frames == 0)
        #expect(MelSpectrogram()(Sound(rate: 8000, samples: [])).shape == [1, 80])
    }
}
