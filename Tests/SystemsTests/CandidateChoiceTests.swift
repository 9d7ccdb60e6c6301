import Foundation
import Media
import Metrics
import Networks
import Systems
import TestKit
import Tensors
import Testing

/// Of several sentences the one that is said: by what they agree on, or by a judge.
@Suite struct CandidateChoiceTests {
    typealias Keys = [(key: String, value: JSON)]

    private static let sentences = ["a cat", "the dog sleeps", "two birds sing in a tree", "no", "the cat sleeps in a tree"]
    private static let words: Keys = [("vocabulary", 290), ("length", 16), ("width", 12)]

    private static func section(_ system: String, _ condition: Keys, _ model: Keys, _ sample: Keys) throws -> Section {
        let whole = JSON.object([
            ("system", .string(system)), ("condition", .object(condition)), ("model", .object(words + model)),
            ("sample", .object(sample)),
        ])
        return try Section(ConfigurationValue(whole, file: "\(system).yaml"))
    }

    private static func build(_ section: Section) throws -> any GenerativeSystem {
        let system = try #require(
            try Catalogue.system(section).init(section, Surroundings(captions: { sentences })) as? any GenerativeSystem)
        try section.finish()
        system.module.initialize(Noise(seed: 1))
        for (i, p) in system.module.parameters().enumerated() {
            p.set(p.value.detached() + Noise(seed: 7)(i).normal(p.shape) * 0.3)
        }
        return system
    }

    private static let told: Keys = [("kind", "text"), ("length", 16), ("width", 16), ("depth", 1), ("heads", 2)]

    private static func maker(_ name: String, _ sample: Keys, told listens: Bool = true) throws -> (
        system: any GenerativeSystem, section: Section
    ) {
        let found = try section(
            name, listens ? told : [("kind", "none")], [("dim", 16), ("depth", 1), ("heads", 2)], [("steps", 3)] + sample)
        return (try build(found), found)
    }

    /// A judge in a folder of its own.
    private static func judge(_ kind: String, in folder: TemporaryFolder) throws -> (AutoregressiveTextSystem, path: String) {
        let condition: Keys = [("kind", .string(kind))] + (kind == "class" ? [("classes", 3)] : [])
        let model: Keys = [("heads", 2), ("decoder_depth", 1)] + (kind == "text" ? [("encoder_depth", 1)] : [])
        let found = try section("autoregressive-text", condition, model, [])
        let system = try #require(try build(found) as? AutoregressiveTextSystem)
        let path = folder.path + "/judge-\(kind)"
        try ModelDirectory.write(system, resolved: found.resolved, to: path)
        return (system, path)
    }

    private static func sums(_ judge: AutoregressiveTextSystem, _ said: [String], madeOf source: String) throws -> (
        nats: [Float], rates: [Float]
    ) {
        guard case .text(let form) = judge.form else { return ([], []) }
        let tokens = form.tokens(said)
        let nats = judge.nats(
            Batch(
                media: TextForm.media(tokens), captions: said.map { _ in source }, labels: said.map { _ in 0 },
                places: said.indices.map { Noise(seed: 5)($0) })
        ).values
        return (nats, zip(nats, form.mask(tokens).sum(1).values).map { $0 / $1 })
    }

    private static func said(_ system: any GenerativeSystem, _ prompts: [String], batch: Int = 8) throws -> [String] {
        var request = SampleRequest()
        (request.prompts, request.seeds, request.batch) = (prompts, [4, 5], batch)
        var lines: [String] = []
        try system.sample(request) { lines.append($0.text ?? "nothing") }
        return lines
    }

    private static func least(_ values: [Float]) -> Int { values.firstIndex(of: values.min()!)! }

    @Test(arguments: ["none", "text"])
    func `a judge takes what costs it the fewest nats for each token, told the source if it listens`(
        kind: String
    ) throws {
        let folder = TemporaryFolder()
        let (judge, path) = try Self.judge(kind, in: folder)
        let choice = try CandidateChoice(
            try Section(
                ConfigurationValue(.object([("candidates", 5), ("rerank", "likelihood"), ("judge", .string(path))]), file: "x")),
            hasSource: true)
        var (longer, orders) = (0, Set<[Int]>())
        for source in Self.sentences {
            orders.insert(try Self.sums(judge, Self.sentences, madeOf: source).rates.enumerated().sorted { $0.1 < $1.1 }.map(\.0))
            for (one, other) in Self.sentences.flatMap({ one in Self.sentences.map { (one, $0) } }) {
                let (nats, rates) = try Self.sums(judge, [one, other], madeOf: source)
                #expect(choice.best(of: [one, other], madeOf: source) == Self.least(rates))
                if Self.least(nats) != Self.least(rates) { longer += 1 }
            }
        }
        #expect(longer > 0, "some sentences cost more as a whole and less for each token")
        #expect(kind == "none" ? orders.count == 1 : orders.count > 1, "sources count for those who listen")
        #expect(choice.best(of: ["same", "same"], madeOf: "a cat") == 0)
    }

    @Test func `without a judge that is said which the others agree with most`() throws {
        let choice = try CandidateChoice(
            try Section(ConfigurationValue(.object([("candidates", 4)]), file: "x")), kinds: 2, hasSource: false)
        let some = ["only this", "the cat sat on a mat", "the cat sat on the mat", "a dog ran off"]
        #expect(choice.best(of: some, madeOf: nil) == MinimumRisk().best(of: some) && choice.best(of: some, madeOf: nil) != 0)
    }

    @Test(arguments: ["difformer", "cdcd", "seqdiffuseq"], ["likelihood", "minimum_risk"])
    func `more candidates please the judge no less, and what is said is the same in any batch and without the judge's folder`(
        name: String, rule: String
    ) throws {
        let folder = TemporaryFolder()
        let (judge, path) = try Self.judge("text", in: folder)
        let prompts = ["a cat", "the dog sleeps"]
        var lines: [[String]] = []
        for count in [1, 2, 5] {
            let asked: Keys = [("candidates", JSON(count)), ("rerank", .string(rule))]
            let (system, section) = try Self.maker(name, asked + (rule == "likelihood" ? [("judge", .string(path))] : []))
            #expect(!system.module.parameters().contains { $0.name.contains("judge") })
            lines.append(try Self.said(system, prompts))
            for batch in [1, 3] { #expect(try Self.said(system, prompts, batch: batch) == lines.last) }
            guard count == 5 else { continue }
            try ModelDirectory.write(system, resolved: section.resolved, to: folder.path + "/made")
            try FileManager.default.moveItem(atPath: path, toPath: folder.path + "/gone")
            let loaded = try #require(try ModelDirectory.load(folder.path + "/made").system as? any GenerativeSystem)
            #expect(try Self.said(loaded, prompts) == lines.last)
        }
        #expect(lines.allSatisfy { $0.count == 4 } && lines[0] != lines[2])
        guard rule == "likelihood" else { return }
        for i in 0..<4 {
            let rates = try Self.sums(judge, lines.map { $0[i] }, madeOf: prompts[i / 2]).rates
            #expect(rates[1] <= rates[0] + 1e-5 && rates[2] <= rates[1] + 1e-5, "\(lines.map { $0[i] }): \(rates)")
        }
    }

    @Test func `judges that cannot judge are refused`() throws {
        let folder = TemporaryFolder()
        let (_, ofClasses) = try Self.judge("class", in: folder)
        let (_, ofText) = try Self.judge("text", in: folder)
        let (maker, section) = try Self.maker("cdcd", [])
        try ModelDirectory.write(maker, resolved: section.resolved, to: folder.path + "/maker")
        let judged: Keys = [("candidates", 2), ("rerank", "likelihood")]
        for (keys, told, words) in [
            (judged + [("judge", .string(ofClasses))], true, "class"), (judged + [("judge", .string(ofText))], false, "text"),
            (judged + [("judge", .string(folder.path + "/maker"))], true, "is no judge"), (judged, true, "judge"),
            ([("judge", .string(ofText))], true, "judge"), ([("rerank", "luck")], true, "rerank"),
        ] {
            let error = #expect(throws: InputError.self) { _ = try Self.maker("cdcd", keys, told: told) }
            #expect("\(error!)".contains(words), "\(error!)")
        }
    }
}
