import Networks
import Tensors

/// Sizes and losses of a VQ-VAE.
public struct VQVAEConfiguration: Sendable, Equatable {
    public var network = ConvCodecConfiguration()
    /// Width of the codes; `network.latentChannels` when nil. FSQ has its own.
    public var codeWidth: Int?
    public var quantizer = QuantizerConfiguration.nearest(NearestCodeConfiguration())
    /// `VQVAE.prune` drops codes that data make no use of.
    public var prunesCodes = false
    public var reconstruction = ReconstructionLoss()
    /// In training up to this share of the tokens of every other picture is replaced before they are decoded, half by others of the
    /// picture and half by any, so that the decoder mends what a generator gets wrong.
    public var tokenNoise: Float = 0

    public init() {}

    /// Throws what is wrong with values that a person wrote.
    public func check(at place: String? = nil) throws(InputError) {
        try network.check(at: place)
        try quantizer.check(at: place)
        try reconstruction.check(for: network.mediaShape, at: place.map { $0 + ".loss" } ?? "loss")
        if let codeWidth, codeWidth < 1 {
            throw InputError(
                "the codec cannot be built", at: place.map { "\($0).code_width" } ?? "code_width",
                expected: "a positive number",
                found: "\(codeWidth)")
        }
    }
}

/// Media to a grid of codebook indices and back (van den Oord et al. 2017, arXiv 1711.00937).
///
///     media  [B, H, W, C] in [-1, 1]
///     tokens [B, H / f, W / f]
///
/// The network is diffusers' VQModel, whose weights fit (`AutoencoderKeys`).
public final class VQVAE: Module, Codec, Trainable {
    public let configuration: VQVAEConfiguration
    let encoder: ConvEncoder
    let quantConv: Linear
    public let quantizer: any Quantizer
    let postQuantConv: Linear
    let decoder: ConvDecoder

    public init(_ configuration: VQVAEConfiguration) {
        let c = configuration.network
        let width = configuration.quantizer.width ?? configuration.codeWidth ?? c.latentChannels
        self.configuration = configuration
        encoder = ConvEncoder(c, output: c.latentChannels)
        quantConv = Linear(c.latentChannels, width)
        let quantizer = configuration.quantizer.made(width: width)
        self.quantizer = configuration.prunesCodes ? PrunedCodes(quantizer) : quantizer
        postQuantConv = Linear(width, c.latentChannels)
        decoder = ConvDecoder(c)
        super.init()
    }

    public var module: Module { self }
    public var mediaShape: [Int] { configuration.network.mediaShape }
    public var latents: LatentSpec {
        LatentSpec(kind: .tokens(codes: quantizer.codes), shape: configuration.network.latentGrid)
    }

    /// Media to vectors before quantizing: `[B, h, w, codeWidth]`.
    public func vectors(of x: Tensor) -> Tensor {
        require(Array(x.shape.dropFirst()) == mediaShape, "VQVAE: media \(x.shape) for \(mediaShape)")
        return quantConv(encoder(x)).cast(to: .f32)
    }

    /// Quantized vectors to media.
    public func decoded(_ vectors: Tensor) -> Tensor { media(of: features(of: vectors)) }

    /// What the decoder's last convolution sees: `[B, H, W, channels]`.
    func features(of vectors: Tensor) -> Tensor { decoder.features(postQuantConv(vectors)) }

    /// The last convolution: `features` to media.
    func media(of features: Tensor) -> Tensor { decoder.media(of: features).cast(to: .f32) }

    /// Weight of the last convolution, at which VQGAN balances its losses.
    package var lastWeight: Parameter { decoder.output.weight }

    public func encode(_ x: Tensor) -> Encoding { .tokens(quantizer.tokens(of: vectors(of: x))) }

    public func decode(_ latents: Encoding) -> Tensor {
        guard case .tokens(let tokens) = latents else {
            fatalError("VQVAE: it decodes tokens, not real latents")
        }
        // A grid of another size than the training pictures' is fine for convolutions.
        let grid = configuration.network.latentGrid
        let isGrid = tokens.shape.count == 3
        return decoded(
            quantizer.vectors(of: isGrid ? tokens : tokens.reshaped([tokens.count / (grid[0] * grid[1])] + grid)))
    }

    public var phases: [Phase] {
        [
            Phase(
                name: "codec", parameters: parameters(),
                loss: { batch, step in self.loss(batch, step: step) },
                commit: { sums, _, step in self.quantizer.commit(sums, step: step) })
        ]
    }

    /// Leaves only the codes that `batches` of media `[B, H, W, C]` make use of, where the configuration asks for it and codes were
    /// learned.
    public func prune(over batches: some Sequence<Tensor>) {
        guard let pruned = quantizer as? PrunedCodes, pruned.learns else { return }
        pruned.keep(
            batches.reduce(into: []) { seen, x in
                seen.formUnion(withoutGradients { pruned.all.tokens(of: vectors(of: x)).values })
            })
    }

    /// K-means over the encoded batch.
    public func prepare(with batch: Batch) {
        guard let x = batch.media, let first = batch.places.first else { return }
        quantizer.prepare(with: withoutGradients { vectors(of: x) }, noise: first("codebook"))
    }

    /// Codes of media as the decoder gets them in training.
    package func quantized(_ x: Tensor, places: [Noise], step: Int) -> Quantized {
        var result = quantizer.quantize(vectors(of: x), places: places, step: step)
        result.vectors = disturbed(result.vectors, places)
        return result
    }

    /// Quantized vectors `[B, h, w, D]` with some of them replaced, as the configuration asks: after Yang et al. 2025
    /// (arXiv 2507.15856), who mix latents with noise, for tokens.
    package func disturbed(_ vectors: Tensor, _ places: [Noise]) -> Tensor {
        guard configuration.tokenNoise > 0 else { return vectors }
        let count = vectors.shape[1] * vectors.shape[2]
        var (sources, codes, keeps) = ([Int32](), [Int32](), [Float]())
        for (b, place) in places.enumerated() {
            let noise = place("tokens")
            let share = (2 * noise("share").uniformDouble() - 1) * Double(configuration.tokenNoise)
            for n in 0..<count {
                let token = noise(n)
                let isReplaced = token("replaced").uniformDouble() < share
                sources.append(Int32(b * count + (isReplaced ? token("source").integer(below: count) : n)))
                codes.append(Int32(token("code").integer(below: quantizer.codes)))
                keeps.append(isReplaced && token("any").uniformDouble() < 0.5 ? 0 : 1)
            }
        }
        let rows = places.count * count
        let own = vectors.picked(Tokens(sources, [rows]))
        let any = withoutGradients { quantizer.vectors(of: Tokens(codes, [rows])) }
        let kept = Tensor(keeps, [rows, 1])
        return (own * kept + any * (1 - kept)).reshaped(vectors.shape)
    }

    /// Reconstruction through the nearest codes, and what ties codes and vectors together.
    ///
    /// Sums over examples: `reconstruction`, `commitment` (the quantizer's loss), `mse` and `psnr` (of
    /// pictures clamped to [-1, 1]), and the quantizer's own.
    public func loss(_ batch: Batch, step: Int) -> LossReport {
        guard let x = batch.media else { fatalError("VQVAE: it trains on media") }
        let quantized = quantized(x, places: batch.places, step: step)
        let y = decoded(quantized.vectors)
        let reconstruction = configuration.reconstruction(y, x)
        let examples = Float(batch.count)
        let sums = reconstructionSums(y, x).merging(quantized.sums) { $1 }.merging([
            "reconstruction": reconstruction.detached() * examples,
            "commitment": quantized.loss.detached() * examples,
        ]) { $1 }
        return LossReport(loss: reconstruction + quantized.loss, sums: sums)
    }
}
