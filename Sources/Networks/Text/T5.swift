import Tensors

/// T5: pre-norm encoder and decoder without positions but with heads that favour distances (Raffel et al. 2020, arXiv 1910.10683); with
/// gated layers and an output of its own also T5 v1.1 and FLAN (Shazeer 2020, arXiv 2002.05202; Chung et al. 2022, arXiv 2210.11416).
///
///     ids: [B, M], mask: [B, M] with 1 to keep; encode returns [B, M, D]
///     callAsFunction: ids: [B, N] that the decoder is given, states: [B, M, D]; returns logits [B, N, V] of what follows each
public final class T5: Module, SequenceDecoder {
    public let configuration: T5Configuration
    let shared: Embedding
    let encoder: T5Stack
    let decoder: T5Stack
    let output: Linear?

    public init(_ c: T5Configuration) {
        configuration = c
        shared = Embedding(c.vocabulary, width: c.width, deviation: 1)
        encoder = T5Stack(c, isDecoder: false)
        decoder = T5Stack(c, isDecoder: true)
        output = c.hasOwnOutput ? Linear(c.width, c.vocabulary, bias: false) : nil
        super.init()
    }

    public func encode(_ ids: Tokens, mask: Tensor? = nil) -> Tensor { encoder(words(ids), mask: mask) }

    public func callAsFunction(_ ids: Tokens, over states: Tensor, mask: Tensor? = nil) -> Tensor {
        logits(decoder(words(ids), heard: decoder.heard(states), heardMask: mask))
    }

    private func words(_ ids: Tokens) -> Tensor {
        require(ids.shape.count == 2, "T5: tokens \(ids.shape)")
        return shared(ids)
    }

    private func logits(_ h: Tensor) -> Tensor {
        let scaled = configuration.scalesOutput ? h * (1 / Float(configuration.width).squareRoot()) : h
        return (output?(scaled) ?? linear(scaled, shared.weight.value)).cast(to: .f32)
    }

    public var vocabulary: Int { configuration.vocabulary }
    public var longest: Int? { nil }

    public func memory(of states: Tensor, mask: Tensor?) -> DecoderMemory {
        DecoderMemory(rows: states.shape[0], heard: decoder.heard(states), mask: mask)
    }

    public func logits(after ids: Tokens, _ memory: DecoderMemory) -> Tensor {
        let h = decoder(words(ids), heard: memory.heard, heardMask: memory.mask, after: memory)
        return logits(h.slice(1, ids.shape[1] - 1..<ids.shape[1]).squeezed(1))
    }
}

/// One half of T5: blocks that share what their heads think of distances, and a norm.
///
///     x: [B, n, D], mask: [B, n]
final class T5Stack: Module {
    let distances: RelativePositions
    let blocks: [T5Block]
    let norm: RMSNorm
    private let isDecoder: Bool

    init(_ c: T5Configuration, isDecoder: Bool) {
        distances = RelativePositions(
            heads: c.heads, buckets: c.buckets, reach: c.reach, looksAhead: !isDecoder)
        blocks = (0..<(isDecoder ? c.decoderDepth : c.encoderDepth)).map { _ in T5Block(c, listens: isDecoder) }
        norm = RMSNorm(c.width, eps: c.eps)
        self.isDecoder = isDecoder
        super.init()
    }

    /// Keys and values of the states, for each block.
    func heard(_ states: Tensor) -> [Tensor] { blocks.map { $0.crossAttention!.keysAndValues(states) } }

    func callAsFunction(
        _ x: Tensor, mask: Tensor? = nil, heard: [Tensor]? = nil, heardMask: Tensor? = nil, after memory: DecoderMemory? = nil
    ) -> Tensor {
        let first = memory?.count ?? 0
        let last = first + x.shape[1]
        let bias = distances(queries: first..<last, keys: last)
        var h = x
        for (i, block) in blocks.enumerated() {
            h = block(
                h, bias: bias, mask: mask, causal: isDecoder, heard: heard?[i], heardMask: heardMask, after: memory?.said[i])
        }
        memory?.advance(by: x.shape[1])
        return norm(h)
    }
}

/// Pre-norm block of T5; one of a decoder listens too.
///
///     x: [B, n, D], bias: [H, n, N], heard: [B, M, 2, H, K]
final class T5Block: Module {
    let selfNorm: RMSNorm
    let selfAttention: T5Attention
    let crossNorm: RMSNorm?
    let crossAttention: T5Attention?
    let feedForwardNorm: RMSNorm
    let feedForward: T5FeedForward

    init(_ c: T5Configuration, listens: Bool) {
        selfNorm = RMSNorm(c.width, eps: c.eps)
        selfAttention = T5Attention(c)
        crossNorm = listens ? RMSNorm(c.width, eps: c.eps) : nil
        crossAttention = listens ? T5Attention(c) : nil
        feedForwardNorm = RMSNorm(c.width, eps: c.eps)
        feedForward = T5FeedForward(c)
        super.init()
    }

    func callAsFunction(
        _ x: Tensor, bias: Tensor, mask: Tensor?, causal: Bool, heard: Tensor?, heardMask: Tensor?, after earlier: GrowingTensor?
    ) -> Tensor {
        let seen = selfNorm(x)
        let new = selfAttention.keysAndValues(seen)
        let keysAndValues = earlier?.append(new) ?? new
        var h = x + selfAttention(seen, over: keysAndValues, bias: bias, mask: mask, causal: causal)
        if let crossNorm, let crossAttention, let heard {
            h = h + crossAttention(crossNorm(h), over: heard, mask: heardMask)
        }
        return h + feedForward(feedForwardNorm(h))
    }
}

/// Attention without biases in its layers and without a scale, which its weights begin with instead.
///
///     x: [B, N, D], keysAndValues: [B, M, 2, H, K], bias: [H, N, M], mask: [B, M]
final class T5Attention: Module {
    let query: Linear
    let keyValue: Linear
    let output: Linear
    private let heads, headWidth: Int

    init(_ c: T5Configuration) {
        (heads, headWidth) = (c.heads, c.headWidth)
        let (D, inner) = (c.width, c.heads * c.headWidth)
        func deviation(_ fanIn: Int) -> Initializer { .normal(deviation: 1 / Float(fanIn).squareRoot()) }
        query = Linear(D, inner, bias: false, weights: deviation(D * headWidth))
        keyValue = Linear(D, 2 * inner, bias: false, weights: deviation(D))
        output = Linear(inner, D, bias: false, weights: deviation(inner))
        super.init()
    }

    func keysAndValues(_ x: Tensor) -> Tensor {
        keyValue(x).reshaped([x.shape[0], x.shape[1], 2, heads, headWidth])
    }

    func callAsFunction(
        _ x: Tensor, over keysAndValues: Tensor, bias: Tensor? = nil, mask: Tensor?, causal: Bool = false
    ) -> Tensor {
        let (B, N, _) = x.shape3
        let q = query(x).reshaped([B, N, heads, headWidth])
        let (k, v) = (keysAndValues.slice(2, 0..<1).squeezed(2), keysAndValues.slice(2, 1..<2).squeezed(2))
        let y =
            bias.map { biasedAttention(q, k, v, bias: $0, mask: mask, causal: causal) }
            ?? attention(q, k, v, mask: mask, causal: causal, scale: 1)
        return output(y.reshaped([B, N, heads * headWidth]))
    }
}

/// Two layers without biases, the first of them gated if asked.
///
///     x: [..., D]
final class T5FeedForward: Module {
    let gate: Linear?
    let up: Linear
    let down: Linear

    init(_ c: T5Configuration) {
        func layer(_ input: Int, _ output: Int, _ activation: Activation) -> Linear {
            Linear(
                input, output, bias: false, activation: activation, weights: .normal(deviation: 1 / Float(input).squareRoot()))
        }
        gate = c.isGated ? layer(c.width, c.hidden, c.activation) : nil
        up = layer(c.width, c.hidden, c.isGated ? .none : c.activation)
        down = layer(c.hidden, c.width, .none)
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor { down(gate.map { $0(x) * up(x) } ?? up(x)) }
}
