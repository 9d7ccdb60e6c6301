import Foundation
import LatentLab
import Testing

/// `eval` from outside: counts that add up, the same for the same seed.
@Suite(.serialized) struct EvaluationTests {
    private func evaluate(_ arguments: [String], in place: Workplace) throws -> (text: String, json: JSON) {
        let all = ["eval"] + arguments + ["--quiet"]
        return (
            try Program.succeed(all, in: place.path),
            try JSON.parse(try Program.succeed(all + ["--json"], in: place.path), file: "eval")
        )
    }

    /// k of "name: k of n ...".
    private func hits(_ text: String, of count: Int) throws -> Int {
        let words = text.split(separator: " ")
        try #require(words.count > 3 && words[2] == "of" && words[3] == "\(count)", "\(text)")
        return try #require(Int(words[1]))
    }

    @Test func `alignment is a share of the sentences asked for, and draws them`() throws {
        let place = try Tiny.shared.get()
        let arguments = ["dit/model", "--metrics", "alignment", "--count", "5", "--batch", "2", "--grid", "aligned.png"]
        let (text, json) = try evaluate(arguments, in: place)
        #expect(json["alignment"]?.number == Double(try hits(text, of: 5)) / 5)
        // Every sentence is drawn right, or wrong in one way.
        let shares = ["alignment"] + ShapesMismatch.allCases.map { "wrong-\($0.rawValue)" }
        #expect(abs(shares.reduce(0) { $0 + (json[$1]?.number ?? 0) } - 1) < 1e-9, "\(text)")
        #expect(try Picture.read(place.path + "/aligned.png").height > 32)
    }

    @Test func `a codec's figures are those of its pictures`() throws {
        let place = try Tiny.shared.get()
        let (_, json) = try evaluate(
            ["kl/model", "--metrics", "reconstruction", "--data", "shapes", "--count", "3", "--grid", "pairs.png"], in: place)
        let codec = try #require(try ModelDirectory.load(place.path + "/kl/model").system as? any CodecSystem).codec
        let shapes = Shapes(count: 3, split: .heldOut)
        let pictures = Tensor((0..<3).compactMap { shapes.example($0, epoch: 0).picture })
        let back = withoutGradients { codec.decode(codec.encode(pictures)) }.clamped(-1, 1)
        let psnr = PictureDifference.psnr(back, pictures)
        #expect(abs((json["psnr"]?.number ?? 0) - psnr.reduce(0, +) / 3) < 1e-6)
        let sheet = Picture.grid(pictures.pictures + back.pictures, columns: 3, padding: 4, scale: 4)
        #expect(try Picture.read(place.path + "/pairs.png") == sheet)
    }

    @Test(arguments: ["held-out", "all"])
    func `nearest-own counts the samples nearer to their own emoji`(_ split: String) throws {
        let place = Workplace()
        let codec =
            "codec: {size: [64, 64], channels: 4, multipliers: [1, 1, 1, 1], blocks: 1, latent_channels: 2, groups: 2, middle_attention: false}"
        let lines = Tiny.kl(steps: 1).split(separator: "\n").map { $0.hasPrefix("codec:") ? codec : String($0) }
        try place.write(lines.joined(separator: "\n"), to: "kl.yaml")
        try place.write(Tiny.dit().replacingOccurrences(of: "kind: shapes, count: 50", with: "kind: emoji"), to: "dit.yaml")
        try Program.succeed(["init", "kl.yaml", "--out", "kl/model"], in: place.path)
        try Program.succeed(["init", "dit.yaml", "--out", "dit"], in: place.path)
        let arguments = ["dit", "--metrics", "nearest-own", "--count", "4", "--steps", "1", "--split", split]
        let (text, json) = try evaluate(arguments, in: place)
        #expect(json["nearest-own"]?.number == Double(try hits(text, of: 4)) / 4)
    }

    @Test(arguments: ["autoregressive", "maskgit", "vq-diffusion"])
    func `likelihoods are of the tokens, and no picture is cheaper than its tokens`(_ model: String) throws {
        let place = try Tiny.sharedTokens.get()
        let arguments = ["\(model)/model", "--metrics", "likelihood", "--data", "shapes", "--count", "3"]
        let (text, json) = try evaluate(model == "maskgit" ? arguments + ["--batch", "1"] : arguments, in: place)
        let (token, all) = (try #require(json["bits-per-token"]?.number), try #require(json["bits-per-dimension"]?.number))
        // Hardly trained: about as many bits as 24 codes have. The bound of a chain that also replaces asks more than that of who
        // does not yet see which tokens were.
        #expect((2.5...(model == "vq-diffusion" ? 20 : 5.5)).contains(token), "\(text)")
        #expect(all > token * 64 / 3072, "\(text)")
        #expect(text.contains("at most \(String(format: "%.4f", token))") == (model != "autoregressive"), "\(text)")
    }

    @Test func `samples are drawn as eval is told`() throws {
        let place = try Tiny.sharedTokens.get()
        let arguments = ["eval", "maskgit/model", "--metrics", "alignment", "--data", "shapes", "--count", "4", "--quiet"]
        func sheet(_ heat: String) throws -> Data? {
            try Program.succeed(arguments + ["--temperature", heat, "--grid", "heat-\(heat).png"], in: place.path)
            return FileManager.default.contents(atPath: place.path + "/heat-\(heat).png")
        }
        let (cold, again, hot) = (try sheet("0.05"), try sheet("0.05"), try sheet("50"))
        #expect(cold != nil && cold == again && cold != hot)
        for wrong in ["--temperature 0", "--truncation 2", "--steps 0", "--cfg-scale nan", "--count 0"] {
            let words = wrong.split(separator: " ").map(String.init)
            let result = try Program.run(arguments + words, in: place.path)
            #expect(result.code == 2 && result.errors.contains(words[0]), "\(wrong): \(result.errors)")
        }
    }

    @Test func `speed is measured with as many captions as there are`() throws {
        let place = try Tiny.shared.get()
        let out = try Program.succeed(
            ["eval", "dit/model", "--metrics", "speed", "--data", "emoji", "--split", "held-out", "--count", "1000", "--quiet"],
            in: place.path)
        #expect(out.hasPrefix("seconds-per-sample: "))
    }
}
