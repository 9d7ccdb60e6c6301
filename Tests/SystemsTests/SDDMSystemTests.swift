import Networks
import Systems
import TestKit
import Tensors
import Testing

/// SDDM over the bits of points: every form of the network with every reading of its logits and every sampler.
@Suite struct SDDMSystemTests {
    typealias Keys = [(key: String, value: JSON)]

    private static func section(model: Keys = [], corruption: Keys = [], sample: Keys = [], codec: Keys = []) throws -> Section {
        let usualCodec: Keys = [("kind", "gray_code"), ("bits", 4)]
        let usualModel: Keys = [("dim", 12), ("depth", 1), ("heads", 2)]
        let usualSample: Keys = [("steps", 5)]
        let whole = JSON.object([
            ("system", "sddm"), ("codec", .object(usualCodec.filter { own in !codec.contains { $0.key == own.key } } + codec)),
            ("model", .object(usualModel + model)), ("corruption", .object(corruption)),
            ("sample", .object(usualSample + sample)),
        ])
        return try Section(ConfigurationValue(whole, file: "sddm.yaml"))
    }

    private static func build(_ section: Section) throws -> any GenerativeSystem {
        let system = try #require(try Catalogue.system(section).init(section, Surroundings()) as? any GenerativeSystem)
        try section.finish()
        system.module.initialize(Noise(seed: 1))
        return system
    }

    private static let batch = Batch(
        latents: Noise(seed: 4).normal([6, 2]) * 0.5, captions: [], labels: [], places: (0..<6).map { Noise(seed: 5)($0) })

    @Test(arguments: ["hollow", "masked", "energy"], ["implicit", "direct"])
    func `every form learns a batch and draws points, the same in any batch`(_ form: String, _ parameterization: String) throws {
        let section = try Self.section(
            model: [("form", JSON(form))], corruption: [("parameterization", JSON(parameterization))], sample: [("corrector", 1)])
        let system = try Self.build(section)
        #expect(system.medium == .point)
        let phase = try #require(system.phases.first)
        var losses: [Float] = []
        for _ in 0..<30 {
            let report = phase.loss(Self.batch, 0)
            #expect(report.sums.keys.sorted() == (parameterization == "implicit" ? ["cross_entropy"] : []))
            losses.append(report.loss.scalar)
            let slopes = gradients(of: report.loss, wrt: phase.parameters.map(\.value))
            withoutGradients { for (p, slope) in zip(phase.parameters, slopes) { p.set(p.value - slope * 0.1) } }
        }
        #expect(losses.last! < losses[0] - 0.005, "\(losses)")

        let samplers = parameterization == "implicit" ? ["ancestral", "rates", "tau-leaping"] : ["rates", "tau-leaping"]
        #expect(system.sampling.sampler == samplers[0])
        for sampler in samplers {
            func drawn(batch: Int) throws -> [[Float]] {
                var request = SampleRequest()
                (request.seeds, request.batch, request.sampler) = ((0..<5).map { UInt64($0) }, batch, sampler)
                var points: [[Float]] = []
                try system.sample(request) { points.append($0.points!.values) }
                return points
            }
            let all = try drawn(batch: 5)
            #expect(all.count == 5 && Set(all).count > 1 && all.allSatisfy { $0.count == 2 && $0.allSatisfy { abs($0) < 2 } })
            #expect(try drawn(batch: 2) == all, "\(sampler)")
        }
    }

    @Test func `what cannot be is said where it stands`() throws {
        func message(_ section: Section) -> String {
            do {
                _ = try Self.build(section)
                return "built"
            } catch { return "\(error)" }
        }
        let direct: Keys = [("parameterization", "direct")]
        let linear: Keys = [("shape", "linear")]
        let many: Keys = [("size", 64), ("bits", 17)]
        for (section, words) in [
            (try Self.section(corruption: direct, sample: [("sampler", "ancestral")]), ["sample.sampler", "implicit"]),
            (try Self.section(corruption: direct + [("kind", "absorbing")]), ["corruption.parameterization", "implicit"]),
            (try Self.section(corruption: linear, sample: [("corrector", 2)]), ["sample.corrector", "exponential"]),
            (try Self.section(corruption: linear, sample: [("sampler", "rates")]), ["sample.sampler", "exponential"]),
            (try Self.section(model: [("form", "energy")], codec: many), ["model.form", "1089"]),
            (try Self.section(model: [("form", "masked")], codec: many), ["model.form", "1088"]),
            (try Self.section(model: [("form", "holow")]), ["model.form", "hollow"]),
            (try Self.section(corruption: [("auxiliary", -1)]), ["corruption.auxiliary"]),
            (try Self.section(corruption: direct + [("auxiliary", 0.1)]), ["auxiliary"]),
            (try Self.section(corruption: [("loss", "bound")]), ["loss"]),
            (try Self.section(codec: [("kind", "grey_code")]), ["codec.kind", "gray_code"]),
            (try Self.section(codec: [("bits", 40)]), ["codec.bits", "24"]),
        ] {
            let said = message(section)
            for word in words { #expect(said.contains(word), "\(said)") }
        }
        let system = try Self.build(try Self.section(corruption: direct))
        var request = SampleRequest()
        request.sampler = "ancestral"
        #expect(throws: InputError.self) { try system.sample(request) { _ in } }
    }

    @Test func `it reads masks too where the logits speak of clean tokens`() throws {
        for kind in ["absorbing", "mask_and_replace", "released"] {
            let shape: Keys = kind == "released" ? [] : [("shape", "exponential")]
            let system = try Self.build(try Self.section(corruption: [("kind", JSON(kind))] + shape))
            let loss = try #require(system.phases.first).loss(Self.batch, 0).loss.scalar
            #expect(loss.isFinite && loss > 0, "\(kind)")
            var count = 0
            try system.sample(SampleRequest()) { sample in count += sample.points == nil ? 0 : 1 }
            #expect(count == 1)
        }
    }

    @Test func `a corrector changes what is drawn`() throws {
        func point(_ corrections: Int) throws -> [Float] {
            let system = try Self.build(try Self.section(sample: [("corrector", JSON(corrections))]))
            var points: [Float] = []
            try system.sample(SampleRequest()) { points += $0.points!.values }
            return points
        }
        #expect(try point(3) != point(0))
        #expect(try point(0) == point(0))
    }
}
