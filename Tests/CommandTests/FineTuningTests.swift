import Foundation
import Tensors
import Testing

/// `init: {from, skip, rename}` and `train.freeze`.
@Suite struct FineTuningTests {
    /// A run on top of `kl/model` in the shared workplace: its first word, and its weights.
    private func tuned(
        _ name: String, _ settings: [String], in place: Workplace
    ) throws -> (says: String, weights: SafetensorsFile) {
        try place.write(Tiny.kl(steps: 4) + "\ninit: {from: kl/model}\n", to: "\(name).yaml")
        let result = try Program.run(
            ["train", "\(name).yaml", "--run-dir", name] + settings.flatMap { ["--set", $0] }, in: place.path)
        try #require(result.code == 0, "\(result.errors)")
        return (result.errors + result.output, try SafetensorsFile(place.path + "/\(name)/model/model.safetensors"))
    }

    @Test func `a run starts from another's weights, keeps what is frozen to the bit and trains the rest`() throws {
        let place = try Tiny.shared.get()
        let before = try SafetensorsFile(place.path + "/kl/model/model.safetensors")
        let (says, after) = try tuned("frozen", ["train.freeze=[encoder, quantConv]"], in: place)
        #expect(says.contains("tensors are those of"))
        var (kept, changed) = (0, 0)
        for entry in before.entries where !entry.name.hasPrefix("latent") {
            let same = try before.tensor(entry).values == (try after.tensor(entry.name).values)
            if entry.name.hasPrefix("encoder") || entry.name.hasPrefix("quantConv") {
                #expect(same, "\(entry.name) was to stay")
                kept += 1
            } else if !same {
                changed += 1
            }
        }
        #expect(kept > 10 && changed > 10, "\(kept) kept, \(changed) changed")
    }

    @Test func `what is skipped is named and starts anew`() throws {
        let place = try Tiny.shared.get()
        let before = try SafetensorsFile(place.path + "/kl/model/model.safetensors")
        let (says, after) = try tuned("skipping", ["init.skip=[decoder.output]", "train.freeze=[decoder.output]"], in: place)
        #expect(says.contains("not: decoder.output.bias, decoder.output.weight") || says.contains("not: decoder.output.weight"))
        let name = "decoder.output.weight"
        #expect(try before.tensor(name).values != (try after.tensor(name).values))
    }

    @Test(arguments: [(skip: "[]", keeps: true), (skip: "[reader]", keeps: false)])
    func `a run that starts from a model goes on with its words, whatever the new captions are`(skip: String, keeps: Bool) throws
    {
        let place = try Tiny.sharedTokens.get()
        let folder = "words-\(keeps)"
        try place.write(Tiny.tokens("vq-diffusion", steps: 1), to: "\(folder).yaml")
        let changes = ["init.from=vq-diffusion/model", "init.skip=\(skip)", "data.train.seed=9", "data.train.count=9"]
        try Program.succeed(
            ["train", "\(folder).yaml", "--run-dir", folder, "--quiet"] + changes.flatMap { ["--set", $0] }, in: place.path)
        let words = try ["vq-diffusion", folder].map {
            try String(contentsOfFile: "\(place.path)/\($0)/model/text/tokenizer.json", encoding: .utf8)
        }
        #expect((words[0] == words[1]) == keeps)
    }

    @Test func `a critic begins as its generator where parts are renamed, and says what it did not find`() throws {
        let place = try Tiny.sharedTokens.get()
        let recipe = Tiny.tokens("token-critic", steps: 1) + "\ninit: {from: maskgit/model, skip: [reader, denoiser.output], "
        let train = ["--set", "train.freeze=[critic.blocks, critic.embedding]", "--run-dir", "renamed"]
        try place.write(recipe + "rename: {denoiser: critic}}\n", to: "renamed.yaml")
        let result = try Program.run(["train", "renamed.yaml"] + train, in: place.path)
        try #require(result.code == 0, "\(result.errors)")
        let before = try SafetensorsFile(place.path + "/maskgit/model/model.safetensors")
        let after = try SafetensorsFile(place.path + "/renamed/model/model.safetensors")
        let kept = after.entries.filter { $0.name.hasPrefix("critic.blocks") || $0.name.hasPrefix("critic.embedding") }
        for entry in kept {
            let name = "denoiser" + entry.name.dropFirst("critic".count)
            #expect(try before.tensor(name).values == (try after.tensor(entry).values), "\(name)")
        }
        #expect(kept.count > 10)
        try place.write(recipe + "rename: {denoisr: critic}}\n", to: "misspelt.yaml")
        let slip = try Program.run(["train", "misspelt.yaml", "--run-dir", "misspelt"], in: place.path)
        #expect(slip.code == 2 && slip.errors.contains("denoisr") && slip.errors.contains("denoiser"), "\(slip.errors)")
    }
}
