import Tensors

/// What quantizing a map gives.
public struct Quantized {
    /// The chosen vectors `[B, h, w, D]`, with the gradient that the encoder is to receive.
    public var vectors: Tensor
    /// `[B, h, w]`.
    public var tokens: Tokens
    /// Scalar, the mean over the batch: what ties vectors and codes together.
    public var loss: Tensor
    /// Named sums for `LossReport.sums`: scalars to log, arrays that `commit` applies.
    public var sums: [String: Tensor]

    public init(vectors: Tensor, tokens: Tokens, loss: Tensor, sums: [String: Tensor] = [:]) {
        self.vectors = vectors
        self.tokens = tokens
        self.loss = loss
        self.sums = sums
    }
}

/// Vectors to indices and back. Nearest codes, Gumbel draws and rounding to levels differ only here.
public protocol Quantizer: Module {
    /// Number of different tokens.
    var codes: Int { get }
    /// D of the vectors that go in and come out.
    var width: Int { get }
    /// False where codes are held as they are, and those that were dropped stay gone.
    var learns: Bool { get }

    /// Pure: reads weights and buffers, changes none.
    ///
    ///     h: [B, h, w, D], places: one per example
    func quantize(_ h: Tensor, places: [Noise], step: Int) -> Quantized

    /// Tokens alone, without chance.
    ///
    ///     h: [B, h, w, D]
    ///     returns [B, h, w]
    func tokens(of h: Tensor) -> Tokens

    /// The same where only the codes `kept` may be taken: the place in `kept` of each one that is.
    func tokens(of h: Tensor, among kept: [Int]) -> Tokens

    /// Their vectors: `[B, h, w]` to `[B, h, w, D]`.
    func vectors(of tokens: Tokens) -> Tensor

    /// First values from encoded examples `[B, h, w, D]`, once before training.
    func prepare(with h: Tensor, noise: Noise)

    /// Applies the sums of a whole step, once.
    func commit(_ sums: [String: Tensor], step: Int)
}

extension Quantizer {
    public var learns: Bool { true }
    public func prepare(with h: Tensor, noise: Noise) {}
    public func commit(_ sums: [String: Tensor], step: Int) {}
}

/// exp of the entropy of counts: how many codes are used as if equally often.
func perplexity(of counts: [Float]) -> Float {
    let total = counts.reduce(0.0) { $0 + Double($1) }
    guard total > 0 else { return 1 }
    let p = Tensor(counts.filter { $0 > 0 }.map { Float(Double($0) / total) }, [counts.count { $0 > 0 }])
    return (-(p * p.log()).sum()).exp().scalar
}

extension Tokens {
    /// How often each of `codes` occurs.
    func counts(of codes: Int) -> [Float] {
        var counts = [Float](repeating: 0, count: codes)
        for token in values { counts[Int(token)] += 1 }
        return counts
    }
}
