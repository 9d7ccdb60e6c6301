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

    /// A vocoder that has learned nothing, as `voice` in a workplace.
    private func addVocoder(to place: Workplace) throws {
        try place.write(
            """
            system: melgan
            model: {channels: 4, blocks: 1, ratios: [8, 8, 4], sound: {bands: 40}}
            discriminator: {channels: 4, layers: 2}
            """, to: "voice.yaml")
        try Program.succeed(["init", "voice.yaml", "--out", "voice"], in: place.path)
    }

    @Test func `a sound is made again by the vocoder that is asked for`() throws {
        let place = try place()
        try addVocoder(to: place)
        let told = try Program.succeed(["mel", "tone.wav", "model.wav", "--vocoder", "voice"], in: place.path)
        #expect(told.contains("0.50 s of sound in ") && told.contains("mel-cepstral distance"), "\(told)")
        // The model's own settings: its spectrogram has 40 bands.
        try Program.succeed(["mel", "tone.wav", "tone.safetensors", "--vocoder", "voice", "--quiet"], in: place.path)
        #expect(try SafetensorsFile(place.path + "/tone.safetensors").tensor("mel").shape == [44, 40])
        try Program.succeed(["mel", "tone.safetensors", "again.wav", "--vocoder", "voice", "--quiet"], in: place.path)
        let sound = try Sound.read(place.path + "/model.wav")
        #expect(sound.frames == 43 * 256 && sound.rate == 22_050 && sound.samples.contains { $0 != 0 })
        #expect(try Sound.read(place.path + "/again.wav") == sound)
        let quiet = try Program.succeed(["mel", "tone.wav", "quiet.wav", "--quiet", "--vocoder", "griffin-lim"], in: place.path)
        #expect(quiet.isEmpty)
    }

    @Test func `a vocoder is measured on a folder of sounds, beside Griffin-Lim`() throws {
        let place = try place()
        try addVocoder(to: place)
        try FileManager.default.createDirectory(atPath: place.path + "/held", withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: place.path + "/tone.wav", toPath: place.path + "/held/tone.wav")
        let text = try Program.succeed(
            ["eval", "voice", "--metrics", "vocoder", "--data", "held", "--json", "--quiet"], in: place.path)
        let found = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Double])
        #expect(found.count == 6 && found.values.allSatisfy { $0.isFinite && $0 > 0 })
        // One that has learned nothing is worse than one that needs not learn.
        for measure in ["mel-cepstral", "log-spectral"] { #expect(found[measure]! > found["griffin-lim-" + measure]!) }
        let wrong = try Program.run(["eval", "voice", "--metrics", "vocoder", "--data", "shapes", "--quiet"], in: place.path)
        #expect(wrong.code == 2 && wrong.errors.contains("has no sound"), "\(wrong.errors)")
    }

    @Test func `mistakes are one line and leave nothing behind`() throws {
        let place = try place()
        try Program.succeed(["mel", "tone.wav", "other.safetensors", "--bands", "40", "--quiet"], in: place.path)
        try place.write("not a sound", to: "words.wav")
        try addVocoder(to: place)
        try place.write(Tiny.kl(), to: "kl.yaml")
        try Program.succeed(["init", "kl.yaml", "--out", "kl"], in: place.path)
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
            (["tone.wav", "x.wav", "--vocoder", "vioce"], "vioce: no such vocoder; expected griffin-lim, or a model directory"),
            (
                ["tone.wav", "x.wav", "--vocoder", "kl"],
                "kl: is no vocoder; expected griffin-lim, or a model of the system melgan"
            ),
            (
                ["tone.wav", "x.wav", "--vocoder", "voice", "--bands", "20"],
                "voice: was trained with another bands; expected --bands 40"
            ),
            (["words.wav", "x.wav", "--vocoder", "voice"], "words.wav: cannot be read as a sound"),
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
