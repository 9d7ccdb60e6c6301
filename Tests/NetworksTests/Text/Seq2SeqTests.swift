import Networks
import TestKit
import Tensors
import Testing

@Suite struct Seq2SeqTests {
    static func configuration(
        _ positions: Seq2SeqConfiguration.Positions, states: Int? = nil
    ) -> Seq2SeqConfiguration {
        var c = Seq2SeqConfiguration()
        (c.vocabulary, c.length, c.width, c.heads, c.positions) = (34, 12, 16, 2, positions)
        (c.encoderDepth, c.decoderDepth, c.stateWidth) = (states == nil ? 2 : 0, 2, states)
        return c
    }

    static func model(_ positions: Seq2SeqConfiguration.Positions, states: Int? = nil) -> Seq2SeqTransformer {
        made(configuration(positions, states: states))
    }

    /// Neither an encoder nor anything to attend to.
    static func languageModel(_ positions: Seq2SeqConfiguration.Positions) -> Seq2SeqTransformer {
        var c = configuration(positions)
        (c.encoderDepth, c.hearing) = (0, .sum)
        return made(c)
    }

    private static func made(_ c: Seq2SeqConfiguration) -> Seq2SeqTransformer {
        let model = Seq2SeqTransformer(c)
        model.initialize(Noise(seed: 3))
        // Larger than they begin, so that everything matters.
        for p in model.parameters() where p.name.hasSuffix("okens.weight") || p.name.hasSuffix("ositions") {
            p.set(p.value.detached() * 20)
        }
        return model
    }

    static func sentences(_ B: Int, _ N: Int, _ seed: UInt64) -> Tokens {
        let noise = Noise(seed: seed)("sentences")
        return Tokens((0..<B * N).map { Int32(3 + noise($0).integer(below: 31)) }, [B, N])
    }

    let ids = sentences(3, 9, 1)
    let mask = Tensor([9, 5, 1].flatMap { n in (0..<9).map { $0 < n ? 1 : 0 } }, [3, 9])
    let targets = sentences(3, 7, 2)

    @Test(arguments: Seq2SeqConfiguration.Positions.allCases)
    func `what lies under the mask changes nothing, and a mask of ones is none`(positions: Seq2SeqConfiguration.Positions) {
        let model = Self.model(positions)
        expectPaddingIsNothing(model, ids, mask, targets: targets)
        expectIdentical(model.encode(ids, mask: .ones([3, 9])), model.encode(ids))
        #expect(model.encode(ids, mask: mask).values != model.encode(ids).values)
    }

    @Test(arguments: Seq2SeqConfiguration.Positions.allCases)
    func `steps say what the whole sentence says`(positions: Seq2SeqConfiguration.Positions) {
        let model = Self.model(positions)
        expectStepsAgree(model, over: model.encode(ids, mask: mask), mask: mask, inputs: model.tokens.shifted(targets))
    }

    @Test(arguments: Seq2SeqConfiguration.Positions.allCases)
    func `a decoder alone listens to latent states, masked or not`(positions: Seq2SeqConfiguration.Positions) {
        let model = Self.model(positions, states: 5)
        let latents = Noise(seed: 4).normal([3, 4, 5])
        let seen = Tensor([1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0], [3, 4])
        expectStepsAgree(model, over: latents, mask: seen, inputs: model.tokens.shifted(targets))
        withoutGradients {
            let said = model(targets, over: latents, mask: seen)
            let hidden = latents + (1 - seen).unsqueezed(2) * 100
            expectIdentical(model(targets, over: hidden, mask: seen), said)
            #expect(model(targets, over: latents).values != said.values)
            // What a sample says does not depend on the others, and no token on later ones.
            expectIdentical(
                model(targets, over: latents, mask: seen).slice(0, 1..<2),
                model(Tokens(Array(targets.values[7..<14]), [1, 7]), over: latents.slice(0, 1..<2), mask: seen.slice(0, 1..<2)))
            var later = targets
            later.values[6] = 3
            expectIdentical(model(later, over: latents, mask: seen).slice(1, 0..<6), said.slice(1, 0..<6))
        }
        #expect(model.parameters().allSatisfy { !$0.name.hasPrefix("encoder") })
    }

    @Test(arguments: Seq2SeqConfiguration.Positions.allCases)
    func `a language model's steps say what the whole sentence says, and it hears what is added`(
        positions: Seq2SeqConfiguration.Positions
    ) {
        let model = Self.languageModel(positions)
        let states = Noise(seed: 7).normal([3, 1, 16])
        expectStepsAgree(model, over: states, mask: nil, inputs: model.tokens.shifted(targets))
        withoutGradients {
            let said = model(targets, over: states)
            #expect(model(targets, over: states * 0).values != said.values)
            expectIdentical(
                said.slice(0, 1..<2), model(Tokens(Array(targets.values[7..<14]), [1, 7]), over: states.slice(0, 1..<2)))
            // No token hears of a later one, every one of those before it.
            for changed in [0, 6] {
                var other = targets
                other.values[changed] = other.values[changed] == 3 ? 4 : 3
                let heard = model(other, over: states).slice(0, 0..<1)
                expectIdentical(heard.slice(1, 0..<changed), said.slice(0, 0..<1).slice(1, 0..<changed))
                for n in changed..<7 {
                    #expect(heard.slice(1, n..<n + 1).values != said.slice(0, 0..<1).slice(1, n..<n + 1).values)
                }
            }
        }
        #expect(model.parameters().allSatisfy { !$0.name.contains("cross") && !$0.name.hasPrefix("encoder") })
    }

    @Test func `a language model's gradients agree with differences, and reach every parameter`() {
        let model = Self.languageModel(.learned)
        let two = Tokens(Array(targets.values[0..<14]), [2, 7])
        gradientCheck("states", [Noise(seed: 7).normal([2, 1, 16])], step: 1e-3) { model(two, over: $0[0]) * 0.1 }
        let parameters = model.parameters()
        let loss = crossEntropy(model(two, over: .zeros([2, 1, 16])), two).sum()
        for (p, g) in zip(parameters, gradients(of: loss, wrt: parameters.map(\.value))) {
            #expect(g.values.contains { $0 != 0 }, "\(p.name)")
            // Places that no sentence reaches learn nothing.
            if p.name == "positions" { #expect(g.slice(0, 7..<12).values.allSatisfy { $0 == 0 }) }
        }
    }

    @Test func `gradients by the states agree with differences, and reach every parameter`() {
        let model = Self.model(.rotary, states: 5)
        let latents = Noise(seed: 5).normal([2, 4, 5])
        let seen = Tensor([1, 1, 1, 0, 1, 1, 1, 1], [2, 4])
        let two = Tokens(Array(targets.values[0..<14]), [2, 7])
        gradientCheck("states", [latents], step: 1e-3) { model(two, over: $0[0], mask: seen) * 0.1 }
        for model in [model, Self.model(.learned)] {
            let parameters = model.parameters()
            let loss =
                model.configuration.encoderDepth > 0
                ? sentenceLoss(model, ids, mask, targets) : crossEntropy(model(two, over: latents), two).sum()
            for (p, g) in zip(parameters, gradients(of: loss, wrt: parameters.map(\.value))) {
                #expect(g.values.contains { $0 != 0 }, "\(p.name)")
            }
        }
    }

    @Test func `three sentences can be learned, and are then said`() {
        var c = Self.configuration(.learned)
        (c.encoderDepth, c.decoderDepth) = (1, 1)
        let model = Seq2SeqTransformer(c)
        model.initialize(Noise(seed: 6))
        // The source backwards, an end behind it; rows of different lengths.
        let lengths = [6, 4, 1]
        let sentences = lengths.enumerated().map { b, n in (0..<n).reversed().map { ids.values[9 * b + $0] } + [2] }
        let targets = Tokens(sentences.flatMap { $0 + Array(repeating: Int32(-1), count: 7 - $0.count) }, [3, 7])
        let mask = Tensor(lengths.flatMap { n in (0..<9).map { $0 < n ? 1 : 0 } }, [3, 9])
        let parameters = model.parameters()
        var squares = parameters.map { Tensor.zeros($0.shape) }
        var last: Float = .infinity
        for _ in 0..<200 {
            let loss = sentenceLoss(model, ids, mask, targets)
            last = loss.scalar
            for (i, g) in gradients(of: loss, wrt: parameters.map(\.value)).enumerated() {
                squares[i] = squares[i] * 0.9 + g.square() * 0.1
                parameters[i].set(parameters[i].value.detached() - g / (squares[i].sqrt() + 1e-6) * 0.01)
            }
        }
        #expect(last < 0.5, "\(last)")
        let states = withoutGradients { model.encode(ids, mask: mask) }
        let said = GreedySearch(DecodingRules(model.tokens, length: 8))(model, over: states, mask: mask)
        #expect(said.map(\.tokens) == sentences && said.allSatisfy(\.isEnded))
    }
}
