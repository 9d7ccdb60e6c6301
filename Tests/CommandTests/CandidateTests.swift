import Foundation
import LatentLab
import Testing

/// Pictures that a judge of captions chooses among several.
@Suite struct CandidateTests {
    private static let clip = """
        version: 1
        name: tiny-clip
        system: clip
        seed: 3
        condition: {vocabulary: 512, length: 16, width: 16, depth: 1, heads: 2}
        model: {width: 16, channels: 8, multipliers: [1, 2, 2]}
        data: {train: {kind: shapes, count: 50}}
        train: {steps: 20, batch: 8, optimizer: {lr: 3.0e-3}, prepare: 0, checkpoint: {every: 10}}
        """

    @Test func `more candidates please the judge no less, in any batch, and from a model directory alone`() throws {
        let place = Workplace()
        let trained = try Tiny.sharedTokens.get().path
        try FileManager.default.createSymbolicLink(atPath: place.path + "/vq", withDestinationPath: trained + "/vq")
        try place.write(Self.clip, to: "clip.yaml")
        let judged = Tiny.tokens("vq-diffusion", steps: 6)
            .replacingOccurrences(of: "sample: {", with: "sample: {rerank: match, judge: clip/model, candidates: 5, ")
        try place.write(judged, to: "judged.yaml")
        for name in ["clip", "judged"] {
            try Program.succeed(["train", "\(name).yaml", "--run-dir", name, "--quiet"], in: place.path)
        }
        let judge = try #require(try ModelDirectory.load(place.path + "/clip/model").system as? any MatchingSystem)
        let found = try Program.succeed(
            [
                "eval", "clip/model", "--metrics", "retrieval", "--data", "shapes", "--split", "train", "--count", "12", "--json",
                "--quiet",
            ],
            in: place.path)
        let recalls = try JSON.parse(found, file: "recalls")
        let shapes = Shapes()
        let examples = try (0..<12).map { try shapes.example($0, epoch: 0) }
        let cosines = judge.match(
            try judge.form.media(of: examples, from: 0), examples.compactMap(\.caption))
        for (name, table) in [("caption-of-media", cosines), ("media-of-caption", cosines.transposed().contiguous())] {
            let right = table.argmax(1).values.enumerated().count { examples[$0].caption == examples[Int($1)].caption }
            #expect(recalls[name]?.number == Double(right) / 12, "\(name)")
        }
        try FileManager.default.removeItem(atPath: place.path + "/clip")
        let prompts = ["a red ring", "a blue square", "a green circle"]
        func drawn(_ candidates: Int?, batch: Int = 8) throws -> [Picture] {
            let system = try ModelDirectory.load(place.path + "/judged/model").system as? any GenerativeSystem
            var request = SampleRequest()
            (request.prompts, request.seeds, request.batch, request.candidates) = (prompts, [4, 5], batch, candidates)
            var pictures: [Picture] = []
            try #require(system).sample(request) { pictures.append($0.picture!) }
            return pictures
        }
        func scores(_ pictures: [Picture]) throws -> [Float] {
            try pictures.enumerated().map { i, picture in
                let example = Example(picture: picture, name: "drawn")
                return judge.match(try judge.form.media(of: [example], from: 0), [prompts[i / 2]]).values[0]
            }
        }
        let all = try [1, 2, 5].map { try drawn($0) }
        #expect(try drawn(nil).map(\.pixels) == all[2].map(\.pixels) && drawn(5, batch: 3).map(\.pixels) == all[2].map(\.pixels))
        let pleased = try all.map(scores)
        // Pictures are rounded to bytes before they are judged here.
        for i in pleased[0].indices {
            #expect(pleased[1][i] > pleased[0][i] - 0.01 && pleased[2][i] > pleased[1][i] - 0.01, "\(pleased)")
        }
        #expect(pleased[2].reduce(0, +) > pleased[0].reduce(0, +))
        let config = String(decoding: try place.bytes("judged/model/config.json"), as: UTF8.self)
        try place.write(
            config.replacingOccurrences(of: "\"rerank\": \"match\"", with: "\"rerank\": \"both\""), to: "judged/model/config.json"
        )
        let both = try drawn(5).map(\.pixels)
        #expect(try drawn(5, batch: 3).map(\.pixels) == both && both != all[2].map(\.pixels))
    }
}
