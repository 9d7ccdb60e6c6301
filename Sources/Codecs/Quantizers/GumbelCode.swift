import Glibc
import Networks
import Tensors

/// How codes are drawn while a Gumbel quantizer learns.
public struct GumbelCodeConfiguration: Sendable, Equatable {
    /// K.
    public var codes = 512
    /// Of the softmax at the first step.
    public var temperature: Float = 1
    /// From `annealing` steps on.
    public var finalTemperature: Float = 1 / 16
    /// Steps over which the temperature falls along half a cosine.
    public var annealing = 5000
    /// Weight of the divergence of the codes' probabilities from equal ones, a mean over positions in nats.
    public var klWeight: Float = 5e-4

    public init() {}

    /// Throws what is wrong with values that a person wrote; `place` is the section they were written in.
    public func check(at place: String? = nil) throws(InputError) {
        func refuse(_ field: String, _ expected: String, _ found: Any) -> InputError {
            InputError(
                "the quantizer cannot be built", at: place.map { "\($0).\(field)" } ?? field, expected: expected,
                found: "\(found)")
        }
        guard codes >= 2 else { throw refuse("codes", "2 or more", codes) }
        for (field, value) in [("temperature", temperature), ("final_temperature", finalTemperature)] {
            guard value >= 1e-3, value <= 1e3 else { throw refuse(field, "a number from 0.001 to 1000", value) }
        }
        guard annealing >= 0 else { throw refuse("annealing", "a number of steps, or 0", annealing) }
        guard klWeight >= 0, klWeight.isFinite else { throw refuse("kl_weight", "a number of 0 or more", klWeight) }
    }
}

/// Codes drawn by their probability: a linear layer gives K logits, and training draws by Gumbel-softmax (Jang et al. 2017, arXiv
/// 1611.01144; as in Ramesh et al. 2021, arXiv 2102.12092).
///
///     h: [B, h, w, D], logits: [B, h, w, K], table: [K, D]
///
/// A draw is hard: the decoder sees one code, and the gradient is that of the soft mixture. Encoding takes the likeliest code.
public final class GumbelCode: Module, Quantizer {
    public let configuration: GumbelCodeConfiguration
    public let width: Int
    let projection: Linear
    let table: Parameter

    public init(_ configuration: GumbelCodeConfiguration, width: Int) {
        self.configuration = configuration
        self.width = width
        projection = Linear(width, configuration.codes, weights: .fanIn(width))
        table = Parameter([configuration.codes, width], .normal(deviation: 1), decays: false)
        super.init()
    }

    public var codes: Int { configuration.codes }

    private func logits(_ h: Tensor) -> Tensor { projection(h).cast(to: .f32) }

    public func tokens(of h: Tensor) -> Tokens { logits(h).argmax(-1) }

    public func tokens(of h: Tensor, among kept: [Int]) -> Tokens {
        var places = [Int32](repeating: -1, count: codes)
        for (place, code) in kept.enumerated() { places[code] = Int32(place) }
        let isKept = Tensor(places.map { $0 < 0 ? 0 : 1 }, [codes])
        let chosen = select(isKept, logits(h), Tensor(-.infinity)).argmax(-1)
        return Tokens(chosen.values.map { places[Int($0)] }, chosen.shape)
    }

    public func vectors(of tokens: Tokens) -> Tensor { embedding(table.value, tokens) }

    /// Sums over examples: `code_kl` in nats a position, `temperature`, and `code_perplexity` of the codes drawn in this pass.
    public func quantize(_ h: Tensor, places: [Noise], step: Int) -> Quantized {
        // Gumbel's distribution, -log(-log u). Neither logarithm sees 0: u is drawn from 0 on, and its own may round to 0.
        let u = uniform(places.map { $0("code") }, Array(h.shape[1...2]) + [codes])
        return quantize(h, chance: -(1e-20 - u.clamped(1e-30, 1).log()).log(), step: step)
    }

    /// The draw that `chance`, from Gumbel's distribution, decides.
    ///
    ///     chance: [B, h, w, K]
    package func quantize(_ h: Tensor, chance: Tensor, step: Int) -> Quantized {
        let logits = logits(h)
        let temperature = temperature(at: step)
        let soft = ((logits + chance) / temperature).softmax()
        let tokens = soft.argmax(-1)
        let hard = Tensor(tokens.values.map(Float.init), tokens.shape + [1]).equals(.arange(codes))
        let rows = straightThrough(hard, like: soft).reshaped([-1, codes])  // [B h w, K]
        let log = logits.logSoftmax()
        let kl = (log.exp() * (log + logf(Float(codes)))).sum(-1)  // [B, h, w]
        let examples = Float(h.shape[0])
        return Quantized(
            vectors: matmul(rows, table.value).reshaped(h.shape), tokens: tokens,
            loss: kl.mean() * configuration.klWeight,
            sums: [
                "code_kl": kl.detached().mean() * examples, "temperature": Tensor(temperature * examples),
                "code_perplexity": Tensor(perplexity(of: tokens.counts(of: codes)) * examples),
            ])
    }

    /// Half a cosine from the first temperature to the last.
    public func temperature(at step: Int) -> Float {
        let (first, last) = (configuration.temperature, configuration.finalTemperature)
        guard step < configuration.annealing else { return last }
        let progress = Float(step) / Float(configuration.annealing)
        return last + (first - last) * 0.5 * (1 + cosf(.pi * progress))
    }
}
