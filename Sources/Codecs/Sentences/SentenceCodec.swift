import Media
import Networks
import Tensors

/// Sizes of a codec of sentences.
public struct SentenceCodecConfiguration: Sendable, Equatable {
    /// What stands between encoder and decoder.
    public enum Latents: Sendable, Equatable {
        /// The encoder's states, one for each token; a row of zeros stands for padding.
        case states
        /// One of so many channels for each token, and layers that make states of them again.
        case narrow(width: Int, depth: Int)
        /// A fixed number, by a Perceiver of some layers on either side.
        case perceiver(count: Int, width: Int, depth: Int)
    }

    /// Its own network, of which a network that is given takes the length and the heads.
    public var network = Seq2SeqConfiguration()
    public var latents = Latents.perceiver(count: 8, width: 64, depth: 2)
    /// Deviation of the noise that latents carry while the codec trains, in parts of their own, each sentence with one from here: its
    /// decoder then forgives a generator's slips.
    public var noise: ClosedRange<Float> = 0...0
    /// What a decoder begins with.
    public var start: Int32 = 2
    public var decoding = SentenceDecoding()

    public init() {}
}

/// Sentences to continuous latents and back, by an encoder-decoder Transformer that says the sentence again (Lovelace et al. 2023, arXiv
/// 2212.09462, section 3).
///
///     media   [B, L, 1, 1], tokens as whole numbers (`TextForm`)
///     latents [B, M, 1, C], each channel's mean taken off and all divided by one deviation
public final class SentenceCodec: Module, Codec, Trainable {
    public let configuration: SentenceCodecConfiguration
    /// Nil where a network was given, which is no part of this one and does not learn.
    let network: Seq2SeqTransformer?
    private let given: Given?
    let compressor: PerceiverCompressor?
    let narrower: StateCompressor?
    let reconstructor: PerceiverReconstructor?
    /// `[C]` and `[1]`, of the raw latents over the training set.
    let latentMean: Buffer
    let latentDeviation: Buffer
    private let form: TextForm
    private let grid: [Int]

    /// A class that is no module, so that the walker does not take what is given for a part of the codec.
    private final class Given {
        let network: any EncoderDecoder

        init(_ network: any EncoderDecoder) { self.network = network }
    }

    /// - Parameter given: a network whose parameters are frozen; its own learns when nil.
    public init(_ c: SentenceCodecConfiguration, _ form: TextForm, over given: (any EncoderDecoder)? = nil) {
        require(c.network.length == form.length, "SentenceCodec: \(c.network.length) positions, sentences of \(form.length)")
        configuration = c
        self.form = form
        network = given == nil ? Seq2SeqTransformer(c.network) : nil
        self.given = given.map { Given($0) }
        let (width, heads) = (given?.stateWidth ?? c.network.width, c.network.heads)
        func back(_ latents: Int, _ latentWidth: Int, _ depth: Int) -> PerceiverReconstructor {
            PerceiverReconstructor(width: width, latents: latents, latentWidth: latentWidth, depth: depth, heads: heads)
        }
        switch c.latents {
        case .states:
            (compressor, narrower, reconstructor) = (nil, nil, nil)
            grid = [form.length, 1, width]
        case .narrow(let latentWidth, let depth):
            compressor = nil
            narrower = StateCompressor(width: width, latentWidth: latentWidth)
            reconstructor = back(form.length, latentWidth, depth)
            grid = [form.length, 1, latentWidth]
        case .perceiver(let count, let latentWidth, let depth):
            compressor = PerceiverCompressor(
                width: width, latents: count, latentWidth: latentWidth, length: form.length, depth: depth, heads: heads)
            narrower = nil
            reconstructor = back(count, latentWidth, depth)
            grid = [count, 1, latentWidth]
        }
        latentMean = Buffer(.zeros([grid[2]]))
        latentDeviation = Buffer(.ones([1]))
        super.init()
    }

    private var speaker: any EncoderDecoder { network ?? given!.network }

    /// Whether each latent is a token's.
    private var followsTokens: Bool { compressor == nil }

    public var module: Module { self }
    public var mediaShape: [Int] { [form.length, 1, 1] }
    public var latents: LatentSpec { LatentSpec(kind: .continuous, shape: grid) }

    // MARK: - There

    /// `[B, M, C]`, rows of padding 0 where each is a token's.
    private func raw(_ tokens: Tokens) -> Tensor {
        let mask = form.mask(tokens)
        let states = speaker.encode(tokens, mask: mask)
        if let compressor { return compressor(states, mask: mask) }
        return (narrower?(states) ?? states.cast(to: .f32)) * mask.unsqueezed(2)
    }

    public func encode(_ x: Tensor) -> Encoding {
        let tokens = TextForm.tokens(x)
        let z = raw(tokens)
        var normal = (z - latentMean.value) / latentDeviation.value
        if followsTokens { normal = normal * form.mask(tokens).unsqueezed(2) }
        let mean = normal.unsqueezed(2)
        // Nothing is drawn: the deviation is 0 in f32.
        return .moments(mean: mean, logVariance: mean * 0 - 1000)
    }

    // MARK: - And back

    /// What the decoder listens to: `[B, M, D]`.
    private func heard(_ z: Tensor, _ mask: Tensor?) -> Tensor { reconstructor?(z, mask: mask) ?? z }

    /// What the decoder says, token after token.
    public func decode(_ latents: Encoding) -> Tensor {
        guard case .moments(let mean, _) = latents else { fatalError("SentenceCodec: it decodes real latents, not tokens") }
        return withoutGradients { TextForm.media(said(mean)) }
    }

    /// Tokens `[B, L]` of normalised latents `[B, M, 1, C]`.
    private func said(_ latents: Tensor) -> Tokens {
        let normal = latents.squeezed(2)
        // Of tokens' latents, those of padding are all 0.
        let mask = followsTokens ? normal.abs().sum(2).greater(Tensor(0)) : nil
        let z = normal * latentDeviation.value + latentMean.value
        let states = heard(mask.map { z * $0.unsqueezed(2) } ?? z, mask)
        return form.padded(
            configuration.decoding.said(
                by: speaker, of: special, first: form.beginning, length: form.length, over: states, mask: mask))
    }

    private var special: SpecialTokens {
        SpecialTokens(start: configuration.start, ends: [form.end], padding: form.padding)
    }

    // MARK: - Training

    /// None where nothing learns: a given network's own states.
    public var phases: [Phase] {
        let learning = parameters()
        return learning.isEmpty ? [] : [Phase(name: "codec", parameters: learning) { batch, _ in self.loss(batch) }]
    }

    /// Cross-entropy of the sentence's tokens, each given those before it and the latents; a mean over a sentence's tokens. Sums over
    /// examples: `entropy`, and `right`, the share of tokens that were the likeliest.
    public func loss(_ batch: Batch) -> LossReport {
        guard let media = batch.media else { fatalError("SentenceCodec: it trains on media") }
        let tokens = form.trimmed(TextForm.tokens(media))
        let counted = form.mask(tokens)  // [B, at most L]
        var z = raw(tokens)
        if configuration.noise.upperBound > 0 {
            let (least, most) = (configuration.noise.lowerBound, configuration.noise.upperBound)
            let levels = batch.places.map { least + (most - least) * Float($0("latent level").uniformDouble()) }
            let scale = z.detached().square().mean([1, 2], keep: true).sqrt() * Tensor(levels, [levels.count, 1, 1])
            let draws = normal(batch.places.map { $0("latent") }, Array(z.shape.dropFirst())) * scale
            z = z + (followsTokens ? draws * counted.unsqueezed(2) : draws)
        }
        let mask = followsTokens ? counted : nil
        let logits = speaker(special.shifted(tokens), over: heard(z, mask), mask: mask)
        let shares = counted / counted.sum(1, keep: true)
        let entropy = (crossEntropy(logits, tokens) * shares).sum(1)  // [B]
        let hits = Tensor(zip(logits.argmax(2).values, tokens.values).map { $0 == $1 ? 1 : 0 }, tokens.shape)
        return LossReport(
            loss: entropy.mean(), sums: ["entropy": entropy.detached().sum(), "right": (hits * shares).sum()])
    }

    /// Sets the normalisation from media `[B, L, 1, 1]`: a mean for each channel and one deviation for all.
    public func fitStatistics(over batches: some Sequence<Tensor>) {
        let channels = latents.shape[2]
        var kept: [Float] = []
        for batch in batches {
            let tokens = TextForm.tokens(batch)
            let rows = withoutGradients { raw(tokens) }.reshaped([-1, channels])
            let isPadding = tokens.values.map { $0 == form.padding }
            kept += (followsTokens ? rows.gathered(0, isPadding.indices.filter { !isPadding[$0] }) : rows).values
        }
        require(!kept.isEmpty, "SentenceCodec.fitStatistics: nothing to look at")
        var means = [Double](repeating: 0, count: channels)
        for (i, value) in kept.enumerated() { means[i % channels] += Double(value) }
        means = means.map { $0 / Double(kept.count / channels) }
        let squares = kept.enumerated().reduce(0.0) { sum, element in
            let difference = Double(element.element) - means[element.offset % channels]
            return sum + difference * difference
        }
        latentMean.value = Tensor(means.map(Float.init), [channels])
        latentDeviation.value = Tensor([Float(max(squares / Double(kept.count), 1e-12).squareRoot())], [1])
    }
}
