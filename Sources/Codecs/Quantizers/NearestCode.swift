import Networks
import Tensors

/// How a codebook of nearest codes is learned.
public struct NearestCodeConfiguration: Sendable, Equatable {
    /// Which side of the loss beta weighs.
    public enum Form: String, Sendable, CaseIterable {
        /// The commitment of vectors to codes (van den Oord et al. 2017, equation 3).
        case paper
        /// The pull of codes to vectors, as taming-transformers and diffusers' VQModel have it by default.
        case legacy
    }

    public enum Learning: String, Sendable, CaseIterable {
        /// Codes are moving averages of the vectors that chose them (van den Oord et al. 2017, appendix A.1).
        case averages
        /// Codes are a parameter that the loss moves.
        case gradient
        /// Codes stay what they are, and so do tokens where the encoder is frozen: a decoder learns on.
        case none
    }

    /// K.
    public var codes = 512
    public var beta: Float = 0.25
    public var form = Form.paper
    public var learning = Learning.averages
    /// Of the averages, per step.
    public var decay: Float = 0.99
    /// Vectors and codes lie on the unit sphere (Yu et al. 2022, arXiv 2110.04627).
    public var isNormalised = false
    /// Steps over which use is counted; a code that nothing chose for so long is drawn anew. 0 never draws
    /// anew.
    public var window = 100
    /// Where chance in drawing anew starts from.
    public var seed: UInt64 = 0

    public init() {}

    /// Throws what is wrong with values that a person wrote; `place` is the section they were written in.
    public func check(at place: String? = nil) throws(InputError) {
        func refuse(_ field: String, _ expected: String, _ found: Any) -> InputError {
            InputError(
                "the quantizer cannot be built", at: place.map { "\($0).\(field)" } ?? field,
                expected: expected, found: "\(found)")
        }
        guard codes >= 2 else { throw refuse("codes", "2 or more", codes) }
        guard beta >= 0, beta.isFinite else { throw refuse("beta", "a number of 0 or more", beta) }
        guard decay >= 0, decay < 1 else { throw refuse("decay", "a number from 0 to below 1", decay) }
        guard window >= 0 else { throw refuse("window", "a number of steps, or 0", window) }
    }
}

/// The nearest of K learned vectors (van den Oord et al. 2017, arXiv 1711.00937).
///
///     h: [B, h, w, D], codebook: [K, D]
///
/// The forward pass counts; `commit` moves averages and revives codes once per step.
public final class NearestCode: Module, Quantizer {
    public let configuration: NearestCodeConfiguration
    public let width: Int
    /// `[K, D]`; a parameter when learned by gradient, else a buffer.
    let table: Parameter?
    let codebook: Buffer?
    /// Moving averages of how many vectors chose a code `[K]`, and of their sum `[K, D]`.
    let counts: Buffer
    let sums: Buffer?
    /// Steps since a vector last chose the code, `[K]`.
    let idle: Buffer

    public init(_ configuration: NearestCodeConfiguration, width: Int) {
        let codes = configuration.codes
        self.configuration = configuration
        self.width = width
        let learning = configuration.learning
        table = learning == .gradient ? Parameter([codes, width], .uniform(bound: 1 / Float(codes)), decays: false) : nil
        // Only until `prepare`; different rows, so that the nearest is defined.
        codebook =
            learning == .gradient ? nil : Buffer(Noise(seed: configuration.seed)("codebook").normal([codes, width]))
        counts = Buffer(.zeros([codes]))
        sums = learning == .gradient ? nil : Buffer(.zeros([codes, width]))
        // Nothing was ever chosen: what the first step leaves out is drawn anew from what it saw.
        idle = Buffer(.full([codes], Float(configuration.window)))
        super.init()
    }

    public var codes: Int { configuration.codes }
    public var learns: Bool { configuration.learning != .none }

    /// The codes as they are compared: on the sphere if so configured.
    public var codeVectors: Tensor { placed(codebook?.value ?? table!.value) }

    private func placed(_ x: Tensor) -> Tensor {
        let x = x.cast(to: .f32)
        return configuration.isNormalised ? x * (x.square().sum([-1], keep: true) + 1e-12).rsqrt() : x
    }

    public func tokens(of h: Tensor) -> Tokens { nearest(h, codeVectors) }

    public func tokens(of h: Tensor, among kept: [Int]) -> Tokens { nearest(h, vectors(of: Tokens(kept))) }

    private func nearest(_ h: Tensor, _ codebook: Tensor) -> Tokens {
        nearestCodes(placed(h).reshaped([-1, width]).detached(), codebook.detached())
            .reshaped(Array(h.shape.dropLast()))
    }

    public func vectors(of tokens: Tokens) -> Tensor { embedding(codeVectors, tokens) }

    public func quantize(_ h: Tensor, places: [Noise], step: Int) -> Quantized {
        let z = placed(h)
        let codebook = codeVectors
        let rows = z.reshaped([-1, width]).detached()
        let tokens = nearestCodes(rows, codebook.detached()).reshaped(Array(h.shape.dropLast()))
        let chosen = embedding(codebook, tokens)
        let beta = configuration.beta
        let isPaper = configuration.form == .paper
        var loss = (z - chosen.detached()).square().mean() * (isPaper ? beta : 1)
        if table != nil { loss = loss + (chosen - z.detached()).square().mean() * (isPaper ? 1 : beta) }
        var named = CodeSums(rows, tokens, codes: codes).named
        let examples = Float(h.shape[0])
        named["quantization"] = (z.detached() - chosen.detached()).square().mean() * examples
        named["code_usage"] = Tensor(usage * examples)
        named["code_perplexity"] = Tensor(perplexity * examples)
        return Quantized(vectors: straightThrough(chosen, like: z), tokens: tokens, loss: loss, sums: named)
    }

    /// Share of codes that a vector chose within the window.
    public var usage: Float {
        let limit = Float(max(1, configuration.window))
        return Float(idle.value.values.count { $0 < limit }) / Float(codes)
    }

    /// exp of the entropy of the averaged counts: how many codes are used as if equally often.
    public var perplexity: Float { Codecs.perplexity(of: counts.value.values) }

    public func prepare(with h: Tensor, noise: Noise) {
        guard learns else { return }
        withoutGradients {
            let rows = placed(h).reshaped([-1, width])
            let (found, seen) = kMeans(rows, codes: codes, iterations: 10, noise: noise)
            counts.value = seen.counts
            idle.value = select(seen.counts, .zeros([codes]), .full([codes], Float(configuration.window)))
            table?.set(placed(found))
            codebook?.value = placed(found)
            sums?.value = seen.sums
        }
    }

    public func commit(_ named: [String: Tensor], step: Int) {
        guard let seen = CodeSums(named) else { return }
        withoutGradients {
            idle.value = select(seen.counts, .zeros([codes]), idle.value + 1)
            guard learns else { return }
            let decay = configuration.decay
            counts.value = counts.value * decay + seen.counts * (1 - decay)
            if let sums, let codebook {
                sums.value = sums.value * decay + seen.sums * (1 - decay)
                codebook.value = placed(sums.value / smoothedCounts.unsqueezed(1))
            }
            revive(seen, step)
        }
    }

    /// Averaged counts with Laplace's smoothing: no division by 0, the same total.
    private var smoothedCounts: Tensor {
        let eps: Float = 1e-5
        let total = counts.value.sum()
        return (counts.value + eps) / (total + eps * Float(codes)) * total
    }

    /// Codes idle for the whole window take new vectors, as if chosen once.
    private func revive(_ seen: CodeSums, _ step: Int) {
        guard configuration.window > 0 else { return }
        var idleSteps = idle.value.values
        let dead = idleSteps.indices.filter { idleSteps[$0] >= Float(configuration.window) }
        guard !dead.isEmpty else { return }
        let drawn = seen.drawn(for: dead, Noise(seed: configuration.seed)("revival")(step))
        guard !drawn.isEmpty else { return }
        var n = counts.value.values
        var vectors = (codebook?.value ?? table!.value).values
        var totals = sums?.value.values
        for (k, vector) in drawn {
            let range = k * width..<(k + 1) * width
            n[k] = 1
            idleSteps[k] = 0
            vectors.replaceSubrange(range, with: vector)
            totals?.replaceSubrange(range, with: vector)
        }
        counts.value = Tensor(n, [codes])
        idle.value = Tensor(idleSteps, [codes])
        let fresh = placed(Tensor(vectors, [codes, width]))
        table?.set(fresh)
        codebook?.value = fresh
        if let totals { sums?.value = Tensor(totals, [codes, width]) }
    }
}
