import Codecs
import Media
import Networks
import Tensors
import TestKit
import Testing
import Training

/// Sentences to latents and back: what is learned comes back, padding changes nothing, normalisation takes nothing away.
@Suite struct SentenceCodecTests {
    private static let sentences = ["a cat", "the dog sleeps", "two birds sing in a tree", "no"]

    static let kinds: [SentenceCodecConfiguration.Latents] = [
        .perceiver(count: 3, width: 8, depth: 1), .states, .narrow(width: 8, depth: 1),
    ]

    private static let form: TextForm = {
        let tokenizer = try! BytePairTokenizer.trained(on: sentences, vocabularySize: 290)
        return TextForm(tokenizer, length: 28, end: 3)
    }()

    private func codec(_ latents: SentenceCodecConfiguration.Latents) -> SentenceCodec {
        var c = SentenceCodecConfiguration()
        c.network.vocabulary = 290
        (c.network.length, c.network.width, c.network.heads) = (28, 32, 2)
        (c.network.encoderDepth, c.network.decoderDepth) = (1, 1)
        if case .narrow = latents { c.network.encoderDepth = 0 }
        c.latents = latents
        let codec = SentenceCodec(c, Self.form)
        codec.initialize(Noise(seed: 1))
        return codec
    }

    private func batch(_ texts: [String]) -> Batch {
        Batch(
            media: TextForm.media(Self.form.tokens(texts)), captions: texts.map { _ in "" }, labels: texts.map { _ in 0 },
            places: texts.indices.map { Noise(seed: 2)($0) })
    }

    @Test func `tokens are media and back, longer texts lose their ends, not the mark`() {
        let form = Self.form
        let tokens = form.tokens(
            Self.sentences + [String](repeating: "the dog sleeps", count: 1) + [String(repeating: "xyz ", count: 20)])
        #expect(TextForm.tokens(TextForm.media(tokens)) == tokens)
        #expect(Array(form.texts(tokens).prefix(5)) == Self.sentences + ["the dog sleeps"])
        #expect(
            tokens.values.suffix(28).last == 3 && form.mask(tokens).slice(0, 0..<1).sum().scalar == Float(form.count("a cat")))
    }

    @Test(arguments: kinds)
    func `a few sentences are learned and come back whole`(_ latents: SentenceCodecConfiguration.Latents) {
        let codec = codec(latents)
        let batch = batch(Self.sentences)
        let parameters = codec.parameters()
        let optimizer = AdamW(AdamWConfiguration(rate: LearningRate(peak: 3e-3)), parameters)
        var entropies: [Float] = []
        for _ in 0..<200 {
            let report = codec.loss(batch)
            entropies.append(report.sums["entropy"]!.scalar / 4)
            optimizer.update(gradients(of: report.loss, wrt: parameters.map(\.value)), rate: 3e-3)
        }
        #expect(entropies[199] < 0.02 * entropies[0], "\(entropies[0]) to \(entropies[199])")
        let raw = Self.form.texts(TextForm.tokens(codec.decode(codec.encode(batch.media!))))
        #expect(raw == Self.sentences)
        codec.fitStatistics(over: [batch.media!])
        #expect(Self.form.texts(TextForm.tokens(codec.decode(codec.encode(batch.media!)))) == Self.sentences, "normalised")
    }

    @Test(arguments: kinds)
    func `latents have a mean of 0 in each channel and a deviation of 1 over all`(_ latents: SentenceCodecConfiguration.Latents) {
        let codec = codec(latents)
        let media = batch(Self.sentences).media!
        codec.fitStatistics(over: [media.slice(0, 0..<1), media.slice(0, 1..<4)])
        guard case .moments(let mean, let logVariance) = codec.encode(media) else { return }
        #expect(mean.shape == [4] + codec.latents.shape && logVariance.values.allSatisfy { $0 == -1000 })
        let rows = mean.reshaped([-1, mean.shape[3]])
        let counts = rows.abs().sum(1).greater(Tensor(0))
        if mean.shape[1] == Self.form.length {
            #expect(counts.sum().scalar == Float(Self.sentences.reduce(0) { $0 + Self.form.count($1) }))
        }
        expectClose(rows.sum(0) / counts.sum(), .zeros([mean.shape[3]]), absolute: 1e-4)
        expectClose((rows.square().sum() / (counts.sum() * Float(mean.shape[3]))).sqrt(), Tensor(1), absolute: 1e-4)
    }

    @Test(arguments: kinds)
    func `a sentence's latents and words depend on nothing beside it`(_ latents: SentenceCodecConfiguration.Latents) {
        let codec = codec(latents)
        withoutGradients {
            guard case .moments(let whole, _) = codec.encode(batch(Self.sentences).media!) else { return }
            for (i, text) in Self.sentences.enumerated() {
                guard case .moments(let alone, _) = codec.encode(batch([text]).media!) else { return }
                expectIdentical(alone, whole.slice(0, i..<i + 1), text)
                expectIdentical(codec.decode(alone), codec.decode(whole).slice(0, i..<i + 1), text)
            }
        }
    }

    @Test(arguments: kinds)
    func `columns of padding are left out, and change no loss`(_ latents: SentenceCodecConfiguration.Latents) {
        let tokens = Self.form.tokens(Self.sentences)
        let trimmed = Self.form.trimmed(Self.form.tokens([Self.sentences[0]]))
        #expect(trimmed.shape[1] % 8 == 0 && trimmed.shape[1] < tokens.shape[1])
        #expect(Self.form.texts(trimmed) == [Self.sentences[0]])
        // Beside a sentence that fills its row nothing is trimmed.
        let full = String(repeating: Self.sentences[0] + " ", count: 20)
        #expect(Self.form.trimmed(Self.form.tokens([full])).shape[1] == Self.form.length)
        let codec = codec(latents)
        let together = codec.loss(batch([Self.sentences[0], full])).sums["entropy"]!.scalar
        let apart = [Self.sentences[0], full].map { codec.loss(batch([$0])).sums["entropy"]!.scalar }
        expectClose(Tensor(together), Tensor(apart[0] + apart[1]), relative: 1e-5, "entropy")
    }

    @Test func `noise on latents reaches the decoder, each sample's its own`() {
        func loss(_ noise: ClosedRange<Float>) -> Float {
            var c = codec(.states).configuration
            c.noise = noise
            let noisy = SentenceCodec(c, Self.form)
            noisy.initialize(Noise(seed: 1))
            return noisy.loss(batch(Self.sentences)).loss.scalar
        }
        let losses = [loss(0...0), loss(0.5...0.5), loss(0...0.5), loss(0...1)]
        #expect(Set(losses).count == 4 && loss(0...1) == losses[3])
    }
}
