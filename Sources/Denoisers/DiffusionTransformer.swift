import Diffusion
import Networks
import Tensors

/// Sizes and options of a Diffusion Transformer.
public struct DiTConfiguration: Sendable, Equatable {
    /// How conditions reach the blocks (Peebles & Xie 2023, section 3.2). Time always goes through adaLN-Zero except in context.
    public enum Conditioning: String, Sendable, CaseIterable {
        /// Pooled conditions modulate norms and gates.
        case adaLNZero = "adaln-zero"
        /// adaLN-Zero for the time, and attention over the condition's states after self-attention.
        case crossAttention = "cross-attention"
        /// The condition's states and the time are tokens of the sequence.
        case inContext = "in-context"
    }

    /// Where the shifts, scales and gates of a block come from.
    public enum Modulation: String, Sendable, CaseIterable {
        /// Every block maps the condition to its own six: 6 D² weights a block (DiT).
        case block
        /// One map for all blocks and a learned offset of 6 D for each: a quarter fewer parameters (adaLN-single of PixArt-α,
        /// Chen et al. 2023, arXiv 2310.00426, section 2.3). Both start at zero, so that every block starts as the identity.
        case shared
    }

    /// Latent grid: rows, columns, channels.
    public var height = 32, width = 32, channels = 4
    public var patch = 2
    /// Width D, a multiple of `heads`.
    public var dim = 384
    public var depth = 12
    public var heads = 6
    public var mlpRatio = 4
    /// What the output means.
    public var prediction = Parameterization.epsilon
    /// Also predict a variance for each element.
    public var learnsVariance = true
    public var conditioning = Conditioning.adaLNZero
    public var modulation = Modulation.block
    /// Class labels, 0 for none; one more row is the null class.
    public var classes = 0
    /// Width of the text encoder's states, 0 for none.
    public var contextWidth = 0
    /// Unless it is none, the network sees the estimate of x0 from the step before beside the state.
    public var selfConditioning = SelfConditioning.none

    /// Numbers that it says of each position, where they are not what the state's channels ask for: logits, say.
    public var outputs: Int?
    /// What enters is normalised before anything is added to it.
    public var normsInput = false
    /// It may be told parts of x0 that are known: a sequence whose patches are single positions.
    public var knows = false

    public init() {}

    /// The published sizes: "S", "B", "L", "XL".
    public static let presets: [String: (dim: Int, depth: Int, heads: Int)] = [
        "S": (384, 12, 6), "B": (768, 12, 12), "L": (1024, 24, 16), "XL": (1152, 28, 16),
    ]

    public static func preset(_ size: String, patch: Int) -> DiTConfiguration {
        let (dim, depth, heads) = presets[size]!
        var c = DiTConfiguration()
        (c.dim, c.depth, c.heads, c.patch) = (dim, depth, heads, patch)
        return c
    }

    /// Patches of one sample.
    public var tokens: Int { (height / patch) * (width / patch) }
    public var outputChannels: Int { outputs ?? (learnsVariance ? 2 * channels : channels) }
}

/// A ViT over latent patches whose blocks are told time and condition by adaLN-Zero (Peebles & Xie 2023, arXiv 2212.09748).
///
///     x: [B, H, W, C]             noisy latents, or their first rows
///     t: B times                  in the model's published units
///     classes: B labels, `null` for none
///     text: states [B, L, E], pooled [B, E], mask [B, L]
///     returns [B, H, W, C or 2C]  prediction, then raw variance
public final class DiffusionTransformer: Module {
    public let configuration: DiTConfiguration
    let patches: Linear
    let inputNorm: LayerNorm?
    /// Added to `patches`: as if the estimate's channels stood beside the state's.
    let previousPatches: Linear?
    /// Added likewise.
    let knownPatches: Linear?
    let time: TimeEmbedding
    let classes: Embedding?
    let text: Linear?
    /// Pooled text and states that stand for "no condition".
    let nullText: Parameter?
    let context: Linear?
    let sharedModulation: Linear?
    let blocks: [DiTBlock]
    let finalModulation: Linear
    let output: Linear
    private let positions: Tensor

    public init(_ c: DiTConfiguration) {
        require(c.dim % c.heads == 0, "DiT: width \(c.dim) is not a multiple of \(c.heads) heads")
        require(c.height % c.patch == 0 && c.width % c.patch == 0, "DiT: \(c.height)x\(c.width) in patches of \(c.patch)")
        configuration = c
        patches = Linear(c.patch * c.patch * c.channels, c.dim)
        inputNorm = c.normsInput ? LayerNorm(c.dim) : nil
        previousPatches =
            c.selfConditioning == .none ? nil : Linear(c.patch * c.patch * c.channels, c.dim, bias: false)
        require(!c.knows || c.patch * c.width == 1, "DiT: parts are known of single positions in a row")
        knownPatches = c.knows ? Linear(c.channels + 1, c.dim, bias: false) : nil
        time = TimeEmbedding(width: c.dim)
        classes = c.classes > 0 ? Embedding(c.classes + 1, width: c.dim) : nil
        text = c.contextWidth > 0 ? Linear(c.contextWidth, c.dim) : nil
        nullText = c.contextWidth > 0 ? Parameter([c.contextWidth], .normal(deviation: 0.02), decays: false) : nil
        context = c.contextWidth > 0 && c.conditioning == .inContext ? Linear(c.contextWidth, c.dim) : nil
        sharedModulation = c.modulation == .shared ? .zeros(c.dim, 6 * c.dim) : nil
        blocks = (0..<c.depth).map { _ in DiTBlock(c) }
        finalModulation = .zeros(c.dim, 2 * c.dim)
        output = .zeros(c.dim, c.patch * c.patch * c.outputChannels)
        positions = Sinusoid.grid(height: c.height / c.patch, width: c.width / c.patch, channels: c.dim)
        super.init()
    }

    /// The label that means "no class".
    public var nullClass: Int { configuration.classes }

    /// - Parameters:
    ///   - previous: estimate of x0 shaped as `x`, of a network that sees it; nil counts as zeros.
    ///   - known: of a network that is told parts of x0, those and then 1 where they are: `[B, N, C + 1]`.
    ///   - padding: `[B, N]`, 1 for patches that others may look at; not in context.
    ///   - scope: where steps of one sampling run keep what they share.
    public func callAsFunction(
        _ x: Tensor, t: [Float], classes labels: [Int]? = nil, text words: EncodedText? = nil, previous: Tensor? = nil,
        known: Tensor? = nil, padding: Tensor? = nil, scope: RunScope? = nil
    ) -> Tensor {
        let (B, H, W, _) = x.shape4
        require(padding == nil || context == nil, "DiT: padding in context")
        require(H <= configuration.height && W == configuration.width, "DiT: latents \(x.shape)")
        let entering = patches(patchified(x, configuration.patch))  // [B, N, D]
        let N = entering.shape[1]
        var h = (inputNorm?(entering) ?? entering) + (N < positions.shape[0] ? positions.slice(0, 0..<N) : positions)
        if let previousPatches, let previous { h = h + previousPatches(patchified(previous, configuration.patch)) }
        if let knownPatches, let known { h = h + knownPatches(known) }
        lazy var c = condition(time(t), labels, words)  // [B, D]
        var extra = 0
        var mask = padding
        if let context, let words {
            let L = words.states.shape[1]
            h = concatenated([context(words.states), c.unsqueezed(1), h], axis: 1)  // [B, L + 1 + N, D]
            extra = L + 1
            mask = concatenated([words.mask, .ones([B, 1 + N])], axis: 1)
        }
        let tables = planned(t, labels, words, scope) ?? modulations(c)
        for (i, block) in blocks.enumerated() {
            let heard = words.flatMap { block.crossAttention?.heard($0, in: i, scope) }
            h = block(h, tables[i], mask: mask, keysAndValues: heard, wordMask: words?.mask)
        }
        if extra > 0 { h = h.slice(1, extra..<h.shape[1]) }
        let m = tables[blocks.count].chunked(2, axis: 1)  // shift, scale
        let y = output(normModulate(h, scale: m[1], shift: m[0], eps: 1e-6))  // [B, N, p p C']
        return unpatchified(y, configuration.patch, H, W).cast(to: .f32)
    }

    /// Time and what is known of the samples, broadcast together.
    private func condition(_ time: Tensor, _ labels: [Int]?, _ words: EncodedText?) -> Tensor {
        var c = time
        if let classes, let labels { c = c + classes(Tokens(labels)) }
        if let text, let words { c = c + text(words.pooled) }
        return c
    }

    /// Shift, scale and gate, twice, for each block: [R, 6 D]; then shift and scale of the last norm: [R, 2 D].
    private func modulations(_ c: Tensor) -> [Tensor] {
        let c = silu(c)
        let shared = sharedModulation.map { $0(c) }
        return blocks.map { $0.modulation(of: c, shared) } + [finalModulation(c)]
    }

    /// Those of a step of a sampling run, where many steps' are made together: as rows of one product instead of many.
    private func planned(_ t: [Float], _ labels: [Int]?, _ words: EncodedText?, _ scope: RunScope?) -> [Tensor]? {
        guard let scope, let now = t.first, t.allSatisfy({ $0 == now }) else { return nil }
        let (B, D) = (t.count, configuration.dim)
        return scope.table(at: now, bytesPerTime: 4 * B * D * (6 * blocks.count + 2)) { times in
            let c = condition(time(times).unsqueezed(1), labels, words).broadcast(to: [times.count, B, D])
            return modulations(c.reshaped([-1, D])).map { $0.reshaped([times.count, B, -1]) }
        }
    }

    /// What the model hears instead of each caption whose `keeps` is 0.
    ///
    ///     keeps: [B], 1 keeps the words
    public func dropping(_ words: EncodedText, keeps: Tensor) -> EncodedText {
        nullText.map { words.dropped(to: $0.value, keeps: keeps) } ?? words
    }
}

/// Transformer block modulated by a condition, the identity at initialisation.
///
///     x: [B, N, D]
///     returns [B, N, D]
final class DiTBlock: Module {
    let modulation: Linear?
    /// Added to the shared modulation: [6 D].
    let offset: Parameter?
    let attention: SelfAttention
    let contextNorm: LayerNorm?
    let crossAttention: CrossAttention?
    let feedForward: FeedForward

    init(_ c: DiTConfiguration) {
        modulation = c.modulation == .block ? .zeros(c.dim, 6 * c.dim) : nil
        offset = c.modulation == .shared ? Parameter([6 * c.dim], .zeros, decays: false) : nil
        attention = SelfAttention(width: c.dim, heads: c.heads)
        let crosses = c.conditioning == .crossAttention && c.contextWidth > 0
        contextNorm = crosses ? LayerNorm(c.dim, eps: 1e-6) : nil
        crossAttention =
            crosses ? CrossAttention(width: c.dim, contextWidth: c.contextWidth, heads: c.heads, zeroed: true) : nil
        feedForward = FeedForward(width: c.dim, hidden: c.mlpRatio * c.dim)
        super.init()
    }

    /// From conditions through SiLU, [R, D], or where blocks share the map from its result, [R, 6 D].
    func modulation(of c: Tensor, _ shared: Tensor?) -> Tensor {
        if let shared, let offset { shared + offset.value } else { modulation!(c) }
    }

    /// - Parameters:
    ///   - table: [B, 6 D], as `modulation(of:)` gives it.
    ///   - keysAndValues: of the words, for cross-attention: [B, L, 2 D].
    func callAsFunction(_ x: Tensor, _ table: Tensor, mask: Tensor?, keysAndValues: Tensor?, wordMask: Tensor?) -> Tensor {
        let m = table.chunked(6, axis: 1)  // shift, scale, gate; twice
        var h = gatedResidual(x, gate: m[2], attention(normModulate(x, scale: m[1], shift: m[0], eps: 1e-6), mask: mask))
        if let crossAttention, let contextNorm, let keysAndValues {
            h = h + crossAttention(contextNorm(h), overKeysAndValues: keysAndValues, mask: wordMask)
        }
        return gatedResidual(h, gate: m[5], feedForward(normModulate(h, scale: m[4], shift: m[3], eps: 1e-6)))
    }
}
