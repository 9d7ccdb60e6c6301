import Foundation
import Media
import Networks
import Systems
import TestKit
import Tensors
import Testing
import Training

/// Sentences token by token: what is likely, what is said, what is learned.
@Suite struct AutoregressiveTextTests {
    typealias Keys = [(key: String, value: JSON)]

    private static let sentences = ["a cat", "the dog sleeps", "two birds sing in a tree", "no", "the cat sleeps in a tree"]

    private static func section(_ condition: Keys = [("kind", "none")], model: Keys = [], sample: Keys = []) throws -> Section {
        var usual: Keys = [("vocabulary", 290), ("length", 24), ("width", 32), ("heads", 2), ("decoder_depth", 1)]
        if condition.contains(where: { $0.value.string == "text" }) { usual.append(("encoder_depth", 1)) }
        let whole = JSON.object([
            ("system", "autoregressive-text"), ("condition", .object(condition)),
            ("model", .object(usual.filter { own in !model.contains { $0.key == own.key } } + model)),
            ("sample", .object(sample)),
        ])
        return try Section(ConfigurationValue(whole, file: "sentences.yaml"))
    }

    private static func build(
        _ section: Section, _ sentences: [String] = sentences, scale: Float = 8
    ) throws -> AutoregressiveTextSystem {
        let system = try #require(
            try Catalogue.system(section).init(section, Surroundings(captions: { sentences })) as? AutoregressiveTextSystem)
        try section.finish()
        system.module.initialize(Noise(seed: 1))
        // Larger than they begin, so that everything matters.
        for p in system.parameters() where p.shape.count == 2 && p.name.contains("network") && scale != 1 {
            p.set(p.value.detached() * (p.name.hasSuffix("tokens.weight") || p.name.hasSuffix("ositions") ? scale : 1.5))
        }
        return system
    }

    private static func batch(_ system: any System, _ pairs: [(source: String, target: String)], labels: [Int]? = nil) throws
        -> Batch
    {
        let examples = pairs.map { Example(caption: $0.source, text: $0.target, name: "pair") }
        return Batch(
            media: try system.form.media(of: examples, from: 0), captions: pairs.map(\.source),
            labels: labels ?? pairs.map { _ in 0 }, places: pairs.indices.map { Noise(seed: 2)($0) })
    }

    private static let pairs = zip(sentences, sentences.reversed()).map { (source: $0, target: $1) }

    private static let kinds: [Keys] = [[("kind", "none")], [("kind", "class"), ("classes", 3)], [("kind", "text")]]

    private static func said(_ system: any GenerativeSystem, _ change: (inout SampleRequest) -> Void) throws -> [String] {
        var request = SampleRequest()
        change(&request)
        var lines: [String] = []
        try system.sample(request) { lines.append($0.text ?? "nothing") }
        return lines
    }

    // MARK: - What is likely

    /// One token at a time, each by a softmax in double precision over what the network says after those before it.
    @Test(arguments: kinds.indices) func `nats are the sum over tokens of log chances, one token at a time`(_ kind: Int) throws {
        let system = try Self.build(try Self.section(Self.kinds[kind]))
        guard case .text(let form) = system.form else { return }
        let labels = [0, 1, 2, 0, 1]
        let nats = system.nats(try Self.batch(system, Self.pairs, labels: labels))
        #expect(nats.shape == [5])
        for (i, pair) in Self.pairs.enumerated() {
            var question = DenoiserQuestion(state: .zeros([1, 1]), times: [0], classes: kind == 1 ? [labels[i]] : nil)
            if let reader = system.textReader {
                let read = withoutGradients { reader.read(reader.tokens([pair.source])) }
                (question.context, question.contextMask) = (read.states, read.mask)
            }
            let tokens = form.tokenizer.encode(pair.target, wrapped: false, limit: nil) + [form.end]
            var (given, sum): ([Int32], Double) = ([2], 0)
            for token in tokens {
                question.state = Tensor(given.map(Float.init), [1, given.count])
                let row = withoutGradients { system.denoise(question) }.values.suffix(system.stateTokens).map { Double($0) }
                sum -= row[Int(token)] - log(row.reduce(0) { $0 + exp($1) })
                given.append(token)
            }
            #expect(abs(Double(nats.values[i]) - sum) < 1e-4 * sum, "\(pair.target): \(nats.values[i]), \(sum)")
        }
    }

    @Test(arguments: kinds.indices) func `padding and the sentences beside it change nothing of a sentence`(_ kind: Int) throws {
        let (system, longer) = (
            try Self.build(try Self.section(Self.kinds[kind], model: [("positions", "rotary")])),
            try Self.build(try Self.section(Self.kinds[kind], model: [("positions", "rotary"), ("length", 37)]))
        )
        let nats = system.nats(try Self.batch(system, Self.pairs))
        for (i, pair) in Self.pairs.enumerated() {
            expectIdentical(system.nats(try Self.batch(system, [pair])), nats.slice(0, i..<i + 1), pair.target)
        }
        expectClose(longer.nats(try Self.batch(longer, Self.pairs)), nats, relative: 1e-6)
        #expect(Set(nats.values).count == 5)
        #expect(AutoregressiveTextSystem.isExact)
    }

    @Test(arguments: kinds.indices) func `the loss counts each token once and teaches what is heard`(_ kind: Int)
        throws
    {
        let system = try Self.build(try Self.section(Self.kinds[kind], model: [("length", 40)]))
        guard case .text(let form) = system.form else { return }
        let batch = try Self.batch(system, Self.pairs, labels: [0, 2, 0, 2, 0])
        let report = system.loss(batch)
        let nats = system.nats(batch)
        expectClose(report.loss, nats.mean() / 40, relative: 1e-6)
        let counts = Self.pairs.map { Float(form.count($0.target)) }
        expectClose(report.sums["bits"]!, (nats / Tensor(counts, [5])).sum() / Float(log(2.0)), relative: 1e-6)
        let parameters = try #require(system.phases.first).parameters
        #expect(parameters.map(\.name) == system.parameters().map(\.name))
        let longest = Int(counts.max()!)
        for (p, g) in zip(parameters, gradients(of: report.loss, wrt: parameters.map(\.value))) {
            #expect(g.values.contains { $0 != 0 }, "\(p.name)")
            if p.name.hasSuffix("ositions") {
                #expect(g.slice(0, longest..<40).values.allSatisfy { $0 == 0 }, "\(p.name)")
                for n in 0..<longest { #expect(g.slice(0, n..<n + 1).values.contains { $0 != 0 }, "\(p.name) \(n)") }
            }
            if p.name == "classes.weight" {
                let isTaught = (0..<3).map { g.slice(0, $0..<$0 + 1).values.contains { $0 != 0 } }
                #expect(isTaught == [true, false, true])
            }
        }
    }

    @Test func `each listens to what it is told and to nothing else`() throws {
        for (kind, heard) in [(0, [false, false]), (1, [true, false]), (2, [false, true])] {
            let system = try Self.build(try Self.section(Self.kinds[kind]))
            let nats = system.nats(try Self.batch(system, Self.pairs)).values
            let labelled = system.nats(try Self.batch(system, Self.pairs, labels: [1, 1, 1, 1, 1])).values
            let other = system.nats(try Self.batch(system, Self.pairs.map { ("the dog", $0.target) })).values
            #expect([labelled != nats, other != nats] == heard)
        }
    }

    // MARK: - What is said

    @Test(arguments: kinds.indices, ["sampled", "greedy", "beam"])
    func `a seed says the same in any batch and from a model directory`(_ kind: Int, _ method: String) throws {
        let home = FileManager.default.temporaryDirectory.path + "/autoregressive-text-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: home) }
        let section = try Self.section(Self.kinds[kind], sample: [("method", JSON(method)), ("beams", 3)])
        let system = try Self.build(section)
        func lines(_ system: any GenerativeSystem, _ batch: Int) throws -> [String] {
            try Self.said(system) {
                ($0.seeds, $0.batch) = ([5, 6, 7], batch)
                if kind == 1 { $0.classes = [0, 2] }
                if kind == 2 { $0.prompts = ["the dog sleeps", "no"] }
            }
        }
        let all = try lines(system, 4)
        #expect(all.count == (kind == 0 ? 3 : 6) && system.sampling.sampler == method)
        #expect(Set(all).count == (method == "sampled" ? all.count : kind == 0 ? 1 : 2), "\(all)")
        #expect(try lines(system, 1) == all)
        try ModelDirectory.write(system, resolved: section.resolved, to: home + "/model")
        let loaded = try #require(try ModelDirectory.load(home + "/model").system as? AutoregressiveTextSystem)
        #expect(try lines(loaded, 2) == all)
        let batch = try Self.batch(system, Self.pairs)
        expectIdentical(loaded.nats(batch), system.nats(batch))
    }

    @Test func `the smallest share is the likeliest tokens, heat and dear repetitions say something else`() throws {
        let system = try Self.build(try Self.section())
        let greedy = try Self.said(system) { $0.sampler = "greedy" }
        #expect(try Self.said(system) { ($0.truncation, $0.seeds) = (0, [3]) } == greedy)
        let free = try Self.said(system) { $0.seeds = Array(0..<20) }
        #expect(Set(free).count > 15)
        #expect(try Self.said(system) { ($0.temperature, $0.seeds) = (3, Array(0..<20)) } != free)
        let once = try Self.build(try Self.section(sample: [("no_repeat", 1), ("method", "greedy")]))
        #expect(try Self.said(once) { _ in } != greedy)
        let penalised = try Self.build(try Self.section(sample: [("repetition_penalty", 50), ("method", "greedy")]))
        #expect(try Self.said(penalised) { _ in } != greedy)
        let many = try Self.said(system) { $0.seeds = Array(0..<100) }
        let long = try Self.build(try Self.section(sample: [("shortest", 11)]))
        let lengthened = try Self.said(long) { $0.seeds = Array(0..<100) }
        #expect(lengthened.joined().utf8.count > many.joined().utf8.count + 20)
    }

    // MARK: - What is learned

    @Test func `a few sentences of the copy task are learned and said exactly, greedily and by beams`() throws {
        let data = MadeTexts(.copy, count: 8)
        let pairs = (0..<6).map { data.pair($0) }
        let texts = pairs.map(\.source)
        let system = try Self.build(
            try Self.section([("kind", "text")], model: [("vocabulary", 400), ("length", 40), ("width", 48)]), texts, scale: 1)
        let batch = try Self.batch(system, pairs.map { ($0.source, $0.target) })
        let parameters = system.parameters()
        let optimizer = AdamW(AdamWConfiguration(rate: LearningRate(peak: 5e-3)), parameters)
        var bits: [Float] = []
        for _ in 0..<150 {
            let report = system.loss(batch)
            bits.append(report.sums["bits"]!.scalar / 6)
            optimizer.update(gradients(of: report.loss, wrt: parameters.map(\.value)), rate: 5e-3)
        }
        #expect(bits[149] < 0.1 && bits[0] > 4, "\(bits[0]) to \(bits[149])")
        for method in ["greedy", "beam"] {
            #expect(try Self.said(system) { ($0.prompts, $0.sampler) = (texts, method) } == texts, "\(method)")
        }
        #expect(try Self.said(system) { ($0.prompts, $0.temperature) = (texts, 0.05) } == texts)
    }

    // MARK: - What cannot be

    @Test func `what cannot be is said where it stands`() throws {
        func message(_ section: Section) -> String {
            do {
                _ = try Self.build(section)
                return "built"
            } catch { return "\(error)" }
        }
        for (section, words) in [
            (try Self.section(sample: [("method", "beams")]), ["sample.method", "sampled, greedy, beam", "'beam'"]),
            (try Self.section(sample: [("beams", 0)]), ["sample.beams"]),
            (try Self.section(sample: [("truncation", 1.5)]), ["sample.truncation"]),
            (try Self.section(sample: [("temperature", 0)]), ["sample.temperature"]),
            (try Self.section(sample: [("no_repeat", -1)]), ["sample.no_repeat"]),
            (try Self.section(model: [("encoder_depth", 2)]), ["encoder_depth"]),
            (try Self.section(model: [("heads", 3)]), ["model.heads", "a divisor of 32"]),
            (try Self.section([("kind", "class")]), ["condition.classes"]),
            (try Self.section([("kind", "picture")]), ["condition.kind", "none, class, text"]),
        ] {
            let found = message(section)
            for word in words { #expect(found.contains(word), "\(found)") }
        }
        let told = try Self.build(try Self.section([("kind", "text")]))
        let alone = try Self.build(try Self.section())
        for (system, change, word) in [
            (alone, { $0.sampler = "gredy" }, "did you mean 'greedy'?"),
            (alone, { ($0.sampler, $0.temperature) = ("beam", 2) }, "--temperature: says nothing to beam decoding"),
            (alone, { $0.steps = 3 }, "--steps"), (alone, { $0.guidance = 2 }, "--cfg-scale"),
            (alone, { $0.prompts = ["no"] }, "--prompt"), (alone, { $0.classes = [1] }, "--class"),
            (told, { _ in }, "needs a sentence"),
        ] as [(AutoregressiveTextSystem, (inout SampleRequest) -> Void, String)] {
            let error = #expect(throws: InputError.self) { try Self.said(system, change) }
            #expect(error?.description.contains(word) == true, "\(word): \(error?.description ?? "nothing")")
        }
    }
}
