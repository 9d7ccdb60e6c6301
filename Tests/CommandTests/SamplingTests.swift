import Foundation
import Media
import Testing

/// What is drawn depends on the model, the sentence and the seed alone.
@Suite(.serialized) struct SamplingTests {
    static let prompts = [
        "a red circle on a white background", "a small blue ring on a black background",
        "a green square left of a cyan cross on a gray background",
    ]

    /// Pictures by sentence and seed.
    private func draw(
        _ place: Workplace, model: String = "dit", order: [Int], batch: Int, threads: Int, more: [String] = [],
        environment: [String: String] = [:]
    ) throws -> [String: Data] {
        let out = "out-\(UUID().uuidString)"
        let sentences = order.flatMap { ["--prompt", Self.prompts[$0]] }
        try Program.succeed(
            ["sample", "\(model)/model"] + sentences + more
                + ["--count", "3", "--seed", "5", "--batch", "\(batch)", "--threads", "\(threads)", "--out", out, "--quiet"],
            in: place.path, environment: environment)
        var pictures: [String: Data] = [:]
        for (name, bytes) in try place.files(out) {
            let index = try #require(Int(name.prefix(1)))
            pictures["\(order[index]) \(name.dropFirst(1))"] = bytes
        }
        return pictures
    }

    @Test(arguments: [
        [:], ["OPENBLAS_CORETYPE": "Haswell", "ONEDNN_MAX_CPU_ISA": "AVX2", "LATENTLAB_MAX_ISA": "avx2"],
        ["OPENBLAS_CORETYPE": "Haswell"], ["ONEDNN_MAX_CPU_ISA": "AVX2"], ["LATENTLAB_MAX_ISA": "portable"],
    ])
    func `batch, order and threads change no byte`(_ environment: [String: String]) throws {
        let place = try Tiny.shared.get()
        let reference = try draw(place, order: [0, 1, 2], batch: 8, threads: 2, environment: environment)
        #expect(reference.count == 9)
        // Nine different pictures: the comparison below means something.
        #expect(Set(reference.values.map { Array($0) }).count == 9)
        for (order, batch, threads) in [([0, 1, 2], 1, 1), ([2, 0, 1], 3, 2), ([1, 2, 0], 8, 1)] {
            let drawn = try draw(place, order: order, batch: batch, threads: threads, environment: environment)
            #expect(drawn.keys.sorted() == reference.keys.sorted())
            for (name, bytes) in reference {
                #expect(drawn[name] == bytes, "\(name) with order \(order), batch \(batch), \(threads) threads")
            }
        }
    }

    @Test(arguments: [
        ("vq-diffusion", ["--truncation", "0.86"]), ("vq-diffusion", ["--sampler", "purity"]),
        ("vq-diffusion", ["--init", "start.png", "--mask", "mask.png"]),
        ("unleashing-transformers", ["--temperature", "0.9"]), ("maskgit", []), ("maskgit", ["--sampler", "purity"]),
        ("token-critic", []), ("token-critic", ["--size", "48x32"]), ("autoregressive", []),
        ("autoregressive", ["--truncation", "0.9", "--temperature", "0.8", "--cfg-scale", "1"]),
        ("sddm", ["--sampler", "rates"]), ("sddm", ["--init", "start.png", "--mask", "mask.png"]),
    ])
    func `batch, order and threads change no byte of what is made of tokens`(_ model: String, _ more: [String]) throws {
        let place = try Tiny.sharedTokens.get()
        try Picture(width: 32, height: 32, channels: 3, pixels: (0..<3072).map { UInt8($0 % 251) }).write(
            to: place.path + "/start.png")
        let half = (0..<3072).map { UInt8($0 < 1536 ? 255 : 0) }
        try Picture(width: 32, height: 32, channels: 3, pixels: half).write(to: place.path + "/mask.png")
        let reference = try draw(place, model: model, order: [0, 1, 2], batch: 8, threads: 2, more: more)
        #expect(Set(reference.values.map { Array($0) }).count == 9)
        let other = try draw(place, model: model, order: [2, 0, 1], batch: 2, threads: 1, more: more)
        for (name, bytes) in reference { #expect(other[name] == bytes, "\(model): \(name)") }
    }

    @Test func `one sample into one file equals the same among others, and tells what made it`() throws {
        let place = try Tiny.shared.get()
        let reference = try draw(place, order: [0, 1, 2], batch: 8, threads: 2)
        try Program.succeed(
            ["sample", "dit/model", "--prompt", Self.prompts[1], "--seed", "6", "--out", "one.png", "--quiet"], in: place.path)
        let bytes = try place.bytes("one.png")
        #expect(bytes == reference["1 -6.png"])
        let facts = Dictionary(uniqueKeysWithValues: Picture.texts(inPNG: Array(bytes)))
        #expect(facts["prompt"] == Self.prompts[1] && facts["seed"] == "6" && facts["steps"] == "4", "\(facts)")
        #expect(!facts.values.contains { $0.contains(place.path) }, "\(facts)")
    }

    @Test func `a film shows every sample from masks to the end, a critic's with how real it found them`() throws {
        let place = try Tiny.sharedTokens.get()
        for (model, rows) in [("vq-diffusion", 2), ("token-critic", 4)] {
            try Program.succeed(
                [
                    "sample", "\(model)/model", "--prompt", Self.prompts[0], "--count", "2", "--steps", "4", "--film", "film.png",
                    "--out", "out-\(model)", "--quiet",
                ], in: place.path)
            let film = try Picture.read(place.path + "/film.png")
            // Four steps of 96 pixels, with four pixels around each.
            #expect(film.width == 404 && film.height == 4 + 100 * rows, "\(model): \(film.width)x\(film.height)")
            // A run ends with what it delivers.
            let last = try Picture.read(place.path + "/out-\(model)/0-0.png")
            for (x, y) in [(0, 0), (13, 7), (31, 31)] {
                for c in 0..<3 { #expect(film[304 + 3 * x + 1, 4 + 3 * y + 1, c] == last[x, y, c]) }
            }
        }
    }

    @Test func `larger pictures have the size that was asked for`() throws {
        let place = try Tiny.sharedTokens.get()
        try Program.succeed(
            [
                "sample", "unleashing-transformers/model", "--prompt", Self.prompts[0], "--size", "56x36", "--out", "large.png",
                "--quiet",
            ], in: place.path)
        let picture = try Picture.read(place.path + "/large.png")
        #expect(picture.width == 56 && picture.height == 36)
    }
}
