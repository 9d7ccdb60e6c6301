import Diffusion
import Networks
import Systems
import TestKit
import Tensors
import Testing

/// Of several that a model of tokens makes, the one that it finds likeliest: over the bits of points, which are their tokens exactly.
@Suite struct TokenCandidatesTests {
    typealias Keys = [(key: String, value: JSON)]

    private static func system(corruption: Keys = [], sample: Keys = []) throws -> any GenerativeSystem {
        let whole = JSON.object([
            ("system", "vq-diffusion"), ("codec", .object([("kind", "gray_code"), ("bits", 4)])),
            ("model", .object([("dim", 12), ("depth", 1), ("heads", 2)])), ("corruption", .object([("steps", 12)] + corruption)),
            ("sample", .object([("steps", 6)] + sample)),
        ])
        let section = try Section(ConfigurationValue(whole, file: "bits.yaml"))
        let system = try #require(try Catalogue.system(section).init(section, Surroundings()) as? any GenerativeSystem)
        try section.finish()
        system.module.initialize(Noise(seed: 1))
        for (i, p) in system.module.parameters().enumerated() {
            p.set(p.value.detached() + Noise(seed: 7)(i).normal(p.shape) * 0.4)
        }
        return system
    }

    private static let seeds = (0..<5).map { UInt64($0) }

    private static func drawn(_ system: any GenerativeSystem, _ candidates: Int?, batch: Int = 8) throws -> [Tensor] {
        var request = SampleRequest()
        (request.seeds, request.batch, request.candidates) = (seeds, batch, candidates)
        var points: [Tensor] = []
        try system.sample(request) { points.append($0.points!) }
        return points
    }

    /// The whole bound, which as many terms as the chain has steps are.
    private static func nats(_ system: any GenerativeSystem, _ points: [Tensor]) throws -> [Float] {
        let batch = Batch(
            latents: concatenated(points, axis: 0), captions: [], labels: [],
            places: seeds.map { Noise(seed: $0)("candidates") })
        return try #require(system as? any LikelihoodSystem).nats(batch).values
    }

    @Test func `more candidates are no less likely, and are the same in any batch`() throws {
        let system = try Self.system()
        let drawn = try [1, 2, 7].map { try Self.drawn(system, $0) }
        #expect(try Self.drawn(system, nil).map(\.values) == drawn[0].map(\.values))
        let nats = try drawn.map { try Self.nats(system, $0) }
        for i in Self.seeds.indices { #expect(nats[1][i] <= nats[0][i] + 1e-3 && nats[2][i] <= nats[1][i] + 1e-3, "\(nats)") }
        #expect(nats[2].reduce(0, +) < nats[0].reduce(0, +) - 1)
        for batch in [1, 3] { #expect(try Self.drawn(system, 7, batch: batch).map(\.values) == drawn[2].map(\.values)) }
        #expect(try Self.drawn(Self.system(sample: [("candidates", 7)]), nil).map(\.values) == drawn[2].map(\.values))
    }

    @Test func `a few terms stand for the whole bound`() throws {
        let schedule = MaskAndReplace(codes: 3, steps: 96, maskShare: 1)
        let corruption = CategoricalCorruption(schedule)
        let objective = CategoricalObjective(schedule)
        let x0 = Tokens((0..<400).map { Int32($0 % 3) }, [4, 100])
        let odds = Tensor([0.2, -0.4, 0.9], [1, 1, 3])
        func nats(_ terms: Int?) -> [Float] {
            objective.nats(x0, (0..<4).map { Noise(seed: 3)($0) }, terms: terms) { x, _ in Tensor.zeros(x.shape + [3]) + odds }!
                .values
        }
        #expect(corruption.codes == 3)
        let exact = 4 * 25 * Double(-(odds.logSoftmax()).values.reduce(0, +)) / 3
        for value in nats(nil) + nats(96) { #expect(abs(Double(value) - exact) < 0.06 * exact, "\(value), \(exact)") }
        for value in nats(16) { #expect(abs(Double(value) - exact) < 0.2 * exact, "\(value), \(exact)") }
        #expect(nats(96) == nats(nil) && nats(96) == nats(1000) && nats(16) != nats(nil))
    }

    @Test func `the best of a set is ahead by all that is said of it`() {
        #expect(TokenCandidates.best(of: [[1], [3], [2], [3]]) == 1)
        #expect(TokenCandidates.best(of: [[0, 900], [1, 899], [2, 100]]) == 1, "nobody is heard more for large numbers")
        #expect(TokenCandidates.best(of: [[5, 1], [5, 2], [5, 0]]) == 1, "who says the same of all says nothing")
    }

    @Test func `models that cannot choose say so`() throws {
        let direct = JSON.object([
            ("system", "sddm"), ("codec", .object([("kind", "gray_code"), ("bits", 4)])),
            ("model", .object([("dim", 12), ("depth", 1), ("heads", 2)])),
            ("corruption", .object([("parameterization", "direct")])), ("sample", .object([("steps", 5), ("candidates", 2)])),
        ])
        let section = try Section(ConfigurationValue(direct, file: "bits.yaml"))
        let told = #expect(throws: InputError.self) { _ = try Catalogue.system(section).init(section, Surroundings()) }
        #expect("\(told!)".contains("sample.candidates"))
        let words: Keys = [("vocabulary", 290), ("length", 8), ("width", 12), ("dim", 16), ("depth", 1), ("heads", 2)]
        let sed = try Section(ConfigurationValue(.object([("system", "sed"), ("model", .object(words))]), file: "words.yaml"))
        let system = try Catalogue.system(sed).init(sed, Surroundings(captions: { ["a cat"] })) as? any GenerativeSystem
        var request = SampleRequest()
        request.candidates = 2
        let refused = #expect(throws: InputError.self) { try #require(system).sample(request) { _ in } }
        #expect("\(refused!)".contains("--candidates"))
        request.film = Film { _ in }
        let watched = #expect(throws: InputError.self) { try Self.system().sample(request) { _ in } }
        #expect("\(watched!)".contains("--film"))
    }
}
