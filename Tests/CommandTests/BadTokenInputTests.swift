import Foundation
import Testing

/// Mistakes that only models of tokens let a person make.
@Suite(.serialized) struct BadTokenInputTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        /// Of the experiment, changed; or the model that is sampled from.
        var system: String
        var change: (old: String, new: String)?
        var arguments: [String] = []
        var says: [String]
        var testDescription: String { name }
    }

    private static func recipe(_ name: String, _ system: String, _ old: String, _ new: String, says: [String]) -> Case {
        Case(name: name, system: system, change: (old, new), says: says)
    }

    private static func draw(_ name: String, _ system: String, _ arguments: [String], says: [String]) -> Case {
        Case(name: name, system: system, arguments: arguments, says: says)
    }

    private static let model = "model: {dim: 32, depth: 2, heads: 2}"

    static let cases = [
        recipe(
            "codec with real latents", "vq-diffusion", "vq/model", "kl/model", says: ["x.yaml:5", "codec.from", "real latents"]),
        recipe("no codec", "maskgit", "vq/model", "nowhere", says: ["nowhere"]),
        recipe("unknown corruption", "vq-diffusion", model, "corruption: {kind: absorbng}", says: ["x.yaml", "absorbing"]),
        recipe("one step", "vq-diffusion", model, "corruption: {steps: 1}", says: ["x.yaml", "'corruption.steps'", "2"]),
        recipe("share above one", "vq-diffusion", model, "corruption: {mask_share: 1.5}", says: ["'corruption.mask_share'"]),
        recipe(
            "loss of masks without masks", "vq-diffusion", model, "corruption: {kind: uniform, loss: reweighted}",
            says: ["'corruption.loss'", "absorbing"]),
        recipe(
            "importance without a bound", "maskgit", model, "corruption: {time: importance}",
            says: ["'corruption.time'", "bound"]),
        recipe(
            "heads that do not divide", "maskgit", "heads: 2}\nsample", "heads: 3}\nsample", says: ["'model.dim'", "3 heads"]),
        recipe(
            "time by a clock", "vq-diffusion", "heads: 2}\nsample", "heads: 2, time: clock}\nsample", says: ["sinusoid"]),
        recipe(
            "sampler that needs masks", "vq-diffusion", "sample: {", "sample: {sampler: confidnce, ",
            says: ["'sample.sampler'", "confidence"]),
        recipe("more steps than the chain", "vq-diffusion", "steps: 4,", "steps: 400,", says: ["'sample.steps'", "100"]),
        recipe("truncation 2", "autoregressive", "sample: {", "sample: {truncation: 2, ", says: ["'sample.truncation'"]),
        recipe("temperature 0", "maskgit", "sample: {", "sample: {temperature: 0, ", says: ["'sample.temperature'"]),
        recipe("critic of a codec", "token-critic", "maskgit/model", "vq/model", says: ["generator.from", "vq-vae"]),
        recipe(
            "critic of a generator that replaces", "token-critic", "maskgit/model", "vq-diffusion/model",
            says: ["generator.from", "vq-diffusion"]),
        recipe(
            "diffusion's keys for what has none", "autoregressive", model, "corruption: {steps: 10}", says: ["'corruption'"]),
        draw("sampler without a critic", "maskgit", ["--sampler", "critic"], says: ["--sampler", "no critic"]),
        draw("sampler that needs masks", "sddm", ["--sampler", "confidence"], says: ["--sampler", "masks"]),
        draw("rates where all is lost", "maskgit", ["--sampler", "rates"], says: ["--sampler", "exponential"]),
        draw("more steps than there are", "vq-diffusion", ["--steps", "101"], says: ["steps", "100"]),
        draw("noise of DDIM", "vq-diffusion", ["--eta", "0.5"], says: ["--eta", "real latents"]),
        draw("truncation nan", "vq-diffusion", ["--truncation", "nan"], says: ["--truncation"]),
        draw("size that is none", "maskgit", ["--size", "64"], says: ["--size", "96x64", "'64'"]),
        draw("size between tokens", "maskgit", ["--size", "41x32"], says: ["--size", "4x4", "41x32"]),
        draw("size below the model's", "maskgit", ["--size", "16x64"], says: ["--size", "32x32"]),
        draw("steps of what has none", "autoregressive", ["--steps", "4"], says: ["--steps", "diffusion"]),
        draw("larger than a row", "autoregressive", ["--size", "64x32"], says: ["--size", "diffusion"]),
        draw("likelihood of a codec", "vq", [], says: ["vq/model", "how likely"]),
        recipe("match without a judge", "vq-diffusion", "sample: {", "sample: {rerank: match, ", says: ["sample.judge"]),
        recipe(
            "a judge that matches nothing", "vq-diffusion", "sample: {", "sample: {rerank: match, judge: vq/model, ",
            says: ["sample.judge", "clip", "vq-vae"]),
        recipe("no candidate", "vq-diffusion", "sample: {", "sample: {candidates: 0, ", says: ["sample.candidates"]),
        draw("film of candidates", "maskgit", ["--candidates", "2", "--film", "f.png"], says: ["--film", "--candidates 1"]),
        draw("candidates of what chooses none", "autoregressive", ["--candidates", "2"], says: ["--candidates", "diffusion"]),
        draw("no candidate", "maskgit", ["--candidates", "0"], says: ["--candidates", "1 to 1000"]),
        draw("film into a missing folder", "maskgit", ["--film", "none/f.png"], says: ["none/f.png"]),
    ]

    @Test(arguments: cases) func `one line, code 2, nothing left behind`(_ test: Case) throws {
        let place = Workplace()
        let trained = try Tiny.sharedTokens.get().path
        for name in ["vq", "maskgit", "vq-diffusion", "autoregressive", "sddm"] {
            try FileManager.default.createSymbolicLink(atPath: "\(place.path)/\(name)", withDestinationPath: "\(trained)/\(name)")
        }
        try FileManager.default.createSymbolicLink(
            atPath: place.path + "/kl", withDestinationPath: try Tiny.shared.get().path + "/kl")
        var arguments = ["train", "x.yaml", "--run-dir", "run", "--quiet"]
        if let change = test.change {
            let text = Tiny.tokens(test.system)
            let changed = text.replacingOccurrences(of: change.old, with: change.new)
            #expect(changed != text, "\(change.old) is not in the recipe")
            try place.write(changed, to: "x.yaml")
        } else if test.system == "vq" {
            arguments = ["eval", "vq/model", "--metrics", "likelihood", "--data", "shapes"]
        } else {
            arguments = ["sample", "\(test.system)/model", "--prompt", "a red ring", "--quiet"] + test.arguments
        }
        let before = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
        let result = try Program.run(arguments, in: place.path)
        let line = result.errors.trimmingCharacters(in: .newlines)
        #expect(result.code == 2 && !result.wasKilled, "\(result.code): \(line)")
        #expect(line.hasPrefix("latentlab: ") && !line.contains("\n"), "\(line)")
        for word in test.says { #expect(line.contains(word), "'\(word)' is not in: \(line)") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path).sorted() == before, "something was written")
    }
}
