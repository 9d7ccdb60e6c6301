import Foundation
import LatentLab
import Testing

/// `latentlab mel` from outside.
@Suite struct SpectrogramTests {
    private func place() throws -> Workplace {
        let place = Workplace()
        let tone = (0..<22_050).map { 0.4 * sin(2 * Float.pi * 440 * Float($0) / 44_100) }
        try Sound(rate: 44_100, channels: 2, samples: tone.flatMap { [$0, $0] }).write(to: place.path + "/tone.wav")
        return place
    }

    @Test func `a sound becomes a picture, numbers, and a sound again`() throws {
        let place = try place()
        for out in ["tone.png", "tone.safetensors", "direct.flac"] {
            try Program.succeed(["mel", "tone.wav", out, "--quiet"], in: place.path)
        }
        try Program.succeed(["mel", "tone.safetensors", "again.ogg", "--quiet", "--iterations", "8"], in: place.path)
        // The tone is a bright line a little above the lowest pitch, about 1/9 of the way up.
        let picture = try Picture.read(place.path + "/tone.png")
        let column = (0..<picture.height).map { Int(picture[picture.width / 2, $0, 0]) - Int(picture[picture.width / 2, $0, 2]) }
        let brightest = try #require(column.indices.max { column[$0] < column[$1] })
        #expect(
            picture.width > 800 && brightest > picture.height / 2 && column[brightest] > 50, "\(brightest) of \(picture.height)")
        let mel = try SafetensorsFile(place.path + "/tone.safetensors").tensor("mel")
        let tone = try Sound.read(place.path + "/tone.wav")
        #expect(mel.values == MelSpectrogram()(tone).values && mel.shape == [11_025 / 256 + 1, 80])
        for name in ["direct.flac", "again.ogg"] {
            let again = try Sound.read(place.path + "/" + name)
            #expect(again.rate == 22_050 && again.channels == 1 && abs(again.frames - 43 * 256) <= 64, "\(name)")
        }
        // The same command writes the same bytes.
        let first = try place.bytes("direct.flac")
        try Program.succeed(["mel", "tone.wav", "direct.flac", "--quiet"], in: place.path)
        #expect(try place.bytes("direct.flac") == first)
    }

    @Test func `mistakes are one line and leave nothing behind`() throws {
        let place = try place()
        try Program.succeed(["mel", "tone.wav", "other.safetensors", "--bands", "40", "--quiet"], in: place.path)
        try place.write("not a sound", to: "words.wav")
        let before = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
        for (arguments, words) in [
            (["words.wav", "x.png"], "words.wav: cannot be read as a sound"),
            (["nothing.wav", "x.png"], "nothing.wav: cannot open the file"),
            (["tone.wav", "x.mp3"], "x.mp3: what to write is not clear"),
            (["tone.wav", "nowhere/x.png"], "nowhere/x.png: cannot be written"),
            (["tone.wav", "x.png", "--size", "1000001"], "size: no such spectrogram"),
            (["tone.wav", "x.png", "--high", "20000"], "high: no such spectrogram"),
            (["tone.wav", "x.wav", "--iterations=-1"], "iterations: out of range"),
            (["tone.wav", "x.wav", "--seed=-1"], "seed: out of range"),
            (["other.safetensors", "x.wav"], "made with another bands; expected 80; found 40 (say --bands 40)"),
            (["tone.png", "x.wav"], "tone.png: cannot open the file"),
        ] {
            let result = try Program.run(["mel", "--quiet"] + arguments, in: place.path)
            #expect(result.code == 2 && !result.wasKilled && result.errors.contains(words), "\(arguments): \(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path).sorted() == before)
    }

    @Test func `soundscapes are told, shown and heard`() throws {
        let place = try place()
        let captions = try Program.succeed(["data", "captions", "soundscapes", "--count", "5"], in: place.path).split(
            separator: "\n")
        #expect(captions.count == 5 && captions.allSatisfy { SoundscapeCaption(String($0)) != nil })
        try Program.succeed(["data", "show", "soundscapes", "--count", "3", "--out", "three.png"], in: place.path)
        #expect(try Picture.read(place.path + "/three.png").height > 300)
        try Program.succeed(["data", "show", "soundscapes", "--count", "1", "--out", "one.wav"], in: place.path)
        let scene = Soundscapes().scene(0)
        #expect(SoundscapesChecker.mismatch(try Sound.read(place.path + "/one.wav"), scene.caption) == nil)
        let several = try Program.run(["data", "show", "soundscapes", "--count", "2", "--out", "two.wav"], in: place.path)
        #expect(several.code == 2 && several.errors.contains("one sound makes one file"))
    }
}
