import Foundation
import LatentLab
import TestKit
import Testing

/// Models of sounds from outside: a codec of spectrograms, what is trained in its latents, and the sounds they make.
@Suite(.serialized) struct SoundModelTests {
    private static let prompts = ["a low beep", "two short high beeps, then a long hum"]

    private static func codec(_ system: String, _ more: String) -> String {
        """
        version: 1
        name: tiny-sounds
        system: \(system)
        seed: 3
        codec:
          sound: {frames: 344, bands: 40}
          patch: [1, 5]
          channels: 4
          multipliers: [1, 1, 1, 1]
          \(more)
          groups: 2
          norm: position
          middle_attention: false
        data: {train: {kind: soundscapes, count: 24}}
        train: {steps: 4, batch: 4, optimizer: {lr: 1.0e-3}, checkpoint: {every: 2}, preview: {every: 4}, statistics: 8, prepare: 8}
        """
    }

    private static func model(_ system: String, on codec: String, _ more: String = "") -> String {
        """
        version: 1
        name: tiny-\(system)
        system: \(system)
        seed: 3
        codec: {from: \(codec)/model}
        condition: {kind: text, vocabulary: 400, length: 16, width: 16, depth: 1, heads: 2}
        model: {dim: 32, depth: 1, heads: 2\(system == "dit" ? ", patch: 1" : "")}
        \(more)
        vocoder: {iterations: 4}
        data:
          stages: [{until: 2, kind: soundscapes, count: 24, captions: tags}, {until: 4, kind: soundscapes, count: 24, pair_share: 0}]
          train: {kind: soundscapes, count: 24}
          cache: latents
        train: {steps: 6, batch: 4, optimizer: {lr: 1.0e-2}, checkpoint: {every: 3}, preview: {every: 6, prompts: [a beep], seeds: [0]}}
        """
    }

    private static let shared = Result {
        let place = Workplace()
        try place.write(codec("vq-vae", "latent_channels: 4\n  codes: 24\n  prune: true"), to: "vq.yaml")
        try place.write(codec("kl-autoencoder", "latent_channels: 2"), to: "kl.yaml")
        try place.write(model("diffsound", on: "vq", "sample: {steps: 4, cfg_scale: 2}"), to: "diffsound.yaml")
        try place.write(model("autoregressive", on: "vq"), to: "autoregressive.yaml")
        try place.write(model("dit", on: "kl", "sample: {steps: 2}"), to: "dit.yaml")
        for name in ["vq", "kl", "diffsound", "autoregressive", "dit"] {
            try Program.succeed(["train", "\(name).yaml", "--run-dir", name, "--quiet"], in: place.path)
        }
        return place
    }

    private func exists(_ place: Workplace, _ name: String) -> Bool {
        FileManager.default.fileExists(atPath: place.path + "/" + name)
    }

    private func draw(_ place: Workplace, _ model: String, _ more: [String]) throws -> [String: Data] {
        let out = "out-\(UUID().uuidString)"
        try Program.succeed(
            ["sample", "\(model)/model"] + Self.prompts.flatMap { ["--prompt", $0] } + more
                + ["--count", "2", "--seed", "5", "--out", out, "--quiet"], in: place.path)
        return try place.files(out)
    }

    @Test(arguments: ["diffsound", "autoregressive", "dit"])
    func `sentences become sounds, the same in any batch and on any threads`(_ model: String) throws {
        let place = try Self.shared.get()
        let first = try draw(place, model, ["--batch", "4", "--threads", "2"])
        #expect(first.keys.sorted() == ["0-5.wav", "0-6.wav", "1-5.wav", "1-6.wav"])
        #expect(Set(first.values).count == 4)
        #expect(try draw(place, model, ["--batch", "1", "--threads", "1"]) == first)
        let sound = try Sound.decode(Array(first["0-5.wav"]!), from: "0-5.wav")
        #expect(sound.rate == 22_050 && sound.channels == 1 && abs(sound.frames - 344 * 256) <= 512)
        for name in ["log.jsonl", "report.html", "samples"] { #expect(exists(place, model + "/" + name)) }
    }

    @Test func `one file of any kind, spectrograms and a film beside it`() throws {
        let place = try Self.shared.get()
        for name in ["one.wav", "one.flac", "one.ogg"] {
            try Program.succeed(
                [
                    "sample", "diffsound/model", "--prompt", "a hum", "--out", name, "--spectrogram", "s.png", "--film", "f.png",
                    "--quiet",
                ],
                in: place.path)
            #expect(try Sound.read(place.path + "/" + name).rate == 22_050)
        }
        #expect(try Picture.read(place.path + "/s.png").width > 700)
        // Frames run to the right, 40 bands are a picture's height.
        let film = try Picture.read(place.path + "/f.png")
        #expect(film.width > 4 * 344 && film.height >= 40)
        try Program.succeed(
            ["sample", "diffsound/model", "--prompt", "a hum", "--seconds", "6", "--out", "long.wav", "--quiet"], in: place.path)
        #expect(try Sound.read(place.path + "/long.wav").seconds > 5.9)
    }

    @Test func `a sound goes on from where it is kept`() throws {
        let place = try Self.shared.get()
        let loaded = try ModelDirectory.load(place.path + "/diffsound/model")
        let system = try #require(loaded.system as? any GenerativeSystem & LatentSystem)
        let start = try #require(Soundscapes(count: 4).example(1).sound)
        let media = try system.form.media(of: Example(sound: start, name: "start"))
        let kept = withoutGradients {
            MediaForm.values(spectrogram: system.frozenCodec.decode(system.frozenCodec.encode(media)))
        }
        func spectrogram(_ seed: UInt64, _ change: (inout SampleRequest) -> Void) throws -> Tensor {
            var request = SampleRequest()
            (request.prompts, request.seeds, request.start) = (["a hum"], [seed], .sound(start))
            // A network that has learned next to nothing says much the same everywhere.
            (request.truncation, request.temperature) = (1, 8)
            change(&request)
            var found: Tensor?
            try system.sample(request) { found = $0.spectrogram }
            return try #require(found)
        }
        // Frame 258 is at three seconds, in the middle of a moment's tokens; convolutions reach about 120 frames to either side.
        let after = try (1...2).map { seed in try spectrogram(seed) { $0.free = .span(3...Double.infinity) } }
        for one in after { #expect(one.slice(0, 0..<130).values == kept.slice(0, 0..<130).values) }
        #expect(zip(after[0].values, after[1].values).contains { $0 != $1 })
        let middle = try spectrogram(1) { $0.free = .span(1.5...1.6) }
        #expect(middle.slice(0, 0..<8).values == kept.slice(0, 0..<8).values)
        #expect(middle.slice(0, 268..<344).values == kept.slice(0, 268..<344).values)
        #expect(try spectrogram(1) { $0.strength = 0 }.values == kept.values)
        #expect(try spectrogram(1) { $0.strength = 1 }.values != kept.values)
        try start.write(to: place.path + "/start.wav")
        try Program.succeed(
            [
                "sample", "diffsound/model", "--prompt", "a hum", "--init", "start.wav", "--span", "3-", "--out", "on.wav",
                "--quiet",
            ],
            in: place.path)
        #expect(try Sound.read(place.path + "/on.wav").frames > 80_000)
    }

    @Test func `a vocoder that was trained goes with the model that speaks through it`() throws {
        let place = try Self.shared.get()
        func vocoder(_ bands: Int) -> String {
            Tiny.melgan(steps: 3).replacingOccurrences(
                of: "ratios: [8, 4], sound: {rate: 8000, size: 128, hop: 32, bands: 20, high: 4000}",
                with: "ratios: [8, 8, 4], sound: {bands: \(bands)}"
            ).replacingOccurrences(of: "segment: 512", with: "segment: 2048")
        }
        try place.write(vocoder(40), to: "melgan.yaml")
        try Program.succeed(["train", "melgan.yaml", "--run-dir", "melgan", "--quiet"], in: place.path)
        let speaking = Self.model("diffsound", on: "vq", "sample: {steps: 4}").replacingOccurrences(
            of: "vocoder: {iterations: 4}", with: "vocoder: {from: melgan/model}")
        try place.write(speaking, to: "speaking.yaml")
        try Program.succeed(["train", "speaking.yaml", "--run-dir", "speaking", "--quiet"], in: place.path)
        // The model is whole without the folders that it was made of.
        try FileManager.default.moveItem(atPath: place.path + "/speaking/model", toPath: place.path + "/moved")
        try FileManager.default.moveItem(atPath: place.path + "/melgan", toPath: place.path + "/gone")
        try Program.succeed(["sample", "moved", "--prompt", "a hum", "--out", "spoken.wav", "--quiet"], in: place.path)
        #expect(try Sound.read(place.path + "/spoken.wav").frames == 343 * 256)
        try place.write(vocoder(20), to: "melgan.yaml")
        try Program.succeed(["train", "melgan.yaml", "--run-dir", "melgan", "--quiet"], in: place.path)
        let result = try Program.run(["train", "speaking.yaml", "--run-dir", "other", "--quiet"], in: place.path)
        #expect(result.code == 2 && result.errors.contains("takes other spectrograms than the codec's"), "\(result.errors)")
        #expect(!exists(place, "other"))
    }

    @Test func `latents are written and heard again`() throws {
        let place = try Self.shared.get()
        try Program.succeed(
            ["encode", "vq/model", "--data", "soundscapes", "--count", "2", "--out", "two.safetensors", "--quiet"], in: place.path
        )
        try Program.succeed(["decode", "vq/model", "--input", "two.safetensors", "--out", "two", "--quiet"], in: place.path)
        #expect(try place.files("two").keys.sorted() == ["0.wav", "1.wav"])
        let lines = try Program.succeed(
            ["eval", "vq/model", "--metrics", "reconstruction", "--data", "soundscapes", "--count", "4", "--quiet"],
            in: place.path)
        for word in ["mel-l1", "read-back", "codes-used"] { #expect(lines.contains(word), "\(lines)") }
        let heard = try Program.succeed(
            ["eval", "diffsound/model", "--metrics", "alignment", "--data", "soundscapes", "--count", "4", "--quiet"],
            in: place.path)
        #expect(heard.contains("of 4 held-out captions heard right"), "\(heard)")
    }

    @Test func `sets of sounds are compared through a network that was trained, or through published ones`() throws {
        let place = try Self.shared.get()
        try place.write(
            """
            name: ears
            system: feature-classifier
            model: {channels: 4, multipliers: [1, 2], groups: 2, sound: {frames: 40, bands: 40}}
            data: {train: {kind: soundscapes, count: 24}}
            train: {steps: 2, batch: 4, checkpoint: {every: 2}}
            """, to: "ears.yaml")
        try Program.succeed(["train", "ears.yaml", "--run-dir", "ears", "--quiet"], in: place.path)
        for name in ["vggish", "melception"] {
            let folder = place.path + "/" + name
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: Goldens.path("\(name).safetensors"), toPath: folder + "/w.safetensors")
        }
        let arguments = ["diffsound/model", "--metrics", "features", "--data", "soundscapes", "--count", "7"]
        for (network, answers) in [("ears/model", true), ("vggish", false), ("melception", true)] {
            let text = try Program.succeed(["eval"] + arguments + ["--features", network, "--quiet"], in: place.path)
            #expect(text.contains("over 7 samples and 7 held-out sounds, seen by"), "\(text)")
            #expect(text.contains("answer-divergence: ") == answers, "\(network): \(text)")
        }
        let codec = try Program.succeed(
            [
                "eval", "vq/model", "--metrics", "reconstruction", "--data", "soundscapes", "--count", "4", "--features",
                "ears/model", "--quiet",
            ], in: place.path)
        #expect(codec.contains("feature-frechet: ") && codec.contains("seen by model "), "\(codec)")
        try Program.succeed(
            ["eval", "ears/model", "--metrics", "accuracy", "--data", "soundscapes", "--count", "8", "--quiet"], in: place.path)
        let wrong = try Program.run(
            ["eval"] + arguments + ["--features", "emoji-features", "--quiet"], in: place.path)
        #expect(wrong.code == 2 && wrong.errors.contains("looks at something else"), "\(wrong.errors)")
    }

    @Test func `mistakes are one line and leave nothing behind`() throws {
        let place = try Self.shared.get()
        try Picture(width: 8, height: 8, channels: 3, pixels: [UInt8](repeating: 9, count: 192)).write(to: place.path + "/p.png")
        try Program.succeed(["data", "show", "soundscapes", "--count", "1", "--out", "start.wav"], in: place.path)
        try place.write(
            Self.model("diffsound", on: "vq").replacingOccurrences(of: "until: 4", with: "until: 2"), to: "stages.yaml")
        try place.write(
            Self.codec("vq-vae", "latent_channels: 4").replacingOccurrences(of: "kind: soundscapes", with: "kind: shapes"),
            to: "shapes.yaml")
        try place.write(
            Self.codec("vq-vae", "latent_channels: 4").replacingOccurrences(of: "bands: 40", with: "hop: 1"), to: "hop.yaml")
        let sample = ["sample", "diffsound/model", "--prompt", "a hum", "--out", "x.wav", "--quiet"]
        for (arguments, words) in [
            (sample + ["--size", "64x64"], "--size: is an option of models with pictures"),
            (sample + ["--seconds", "1"], "--seconds: the model cannot make this length"),
            (sample + ["--init", "p.png"], "--init: is a picture; expected a sound"),
            (sample + ["--init", "start.wav", "--mask", "p.png"], "--mask: is of pictures"),
            (sample + ["--init", "start.wav", "--span", "3-2"], "--span: is no span of time"),
            (sample + ["--span", "3-4"], "--span: needs something to change"),
            (sample + ["--count", "2"], "several samples into one sound"),
            (["sample", "diffsound/model", "--prompt", "a hum", "--out", "x.png", "--quiet"], "is no file for sounds"),
            (["train", "stages.yaml", "--run-dir", "r", "--quiet"], "data.stages.1.until"),
            (["train", "shapes.yaml", "--run-dir", "r", "--quiet"], "has no sound, which this system needs"),
            (["train", "hop.yaml", "--run-dir", "r", "--quiet"], "'codec.sound.hop' no such spectrogram"),
        ] {
            let result = try Program.run(arguments, in: place.path)
            #expect(result.code == 2 && !result.wasKilled && result.errors.contains(words), "\(arguments): \(result.errors)")
            for name in ["x.wav", "x.png", "r"] { #expect(!exists(place, name)) }
        }
    }
}
