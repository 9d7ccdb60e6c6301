import Foundation
import Media
import Testing

/// What a run shows of itself while it trains.
struct PreviewTests {
    @Test func `previews are sheets of samples, with films of how the first of every prompt emerged`() throws {
        let previews = ["--set", "train.preview={every: 3, prompts: [a red circle, a blue ring], seeds: 0-2}"]
        for (place, experiment) in [
            (try Tiny.sharedTokens.get(), Tiny.tokens("maskgit", steps: 3)),
            (try Tiny.sharedTokens.get(), Tiny.tokens("autoregressive", steps: 3)),
            (try Tiny.shared.get(), Tiny.dit(steps: 3)),
        ] {
            let run = "preview-" + UUID().uuidString
            try place.write(experiment, to: run + ".yaml")
            try Program.succeed(["train", run + ".yaml", "--run-dir", run, "--quiet"] + previews, in: place.path)
            let sheet = try Picture.read(place.path + "/\(run)/samples/step-000003.png")
            #expect((sheet.width, sheet.height) == (3 * 64 + 4 * 2, 2 * 64 + 3 * 2))
            // Four steps, or eight of the tokens, of 32x32 pictures at three times their size.
            let frames = experiment.contains("autoregressive") ? 8 : 4
            let film = try Picture.read(place.path + "/\(run)/samples/step-000003-film.png")
            #expect((film.width, film.height) == (frames * 96 + (frames + 1) * 4, 2 * 96 + 3 * 4))
            let report = try String(contentsOfFile: place.path + "/\(run)/report.html", encoding: .utf8)
            #expect(report.contains("step-000003.png") && report.contains("step-000003-film.png"))
        }
    }

    @Test func `a vocoder's previews are spectrograms, and pictures cannot train it`() throws {
        let place = Workplace()
        try place.write(Tiny.melgan(steps: 3), to: "m.yaml")
        try Program.succeed(["train", "m.yaml", "--run-dir", "m", "--quiet", "--set", "train.preview.every=3"], in: place.path)
        let sheet = try Picture.read(place.path + "/m/samples/step-000003.png")
        #expect(sheet.width > 200 && sheet.height > 400)
        let log = try String(contentsOfFile: place.path + "/m/log.jsonl", encoding: .utf8)
        #expect(log.contains("\"mel\"") && log.contains("\"spectra\""))
        let wrong = try Program.run(
            ["train", "m.yaml", "--run-dir", "w", "--set", "data.train={kind: shapes, count: 9}"], in: place.path)
        #expect(wrong.code == 2 && wrong.errors.contains("has no sound, which this system needs"), "\(wrong.errors)")
    }
}
