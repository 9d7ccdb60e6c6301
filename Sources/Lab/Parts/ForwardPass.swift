import Codecs
import Networks
import Systems
import Tensors

/// `latentlab forward`: one part of a model run on tensors from a file, so that other programs can be compared with it.
///
/// Maps are `[B, C, H, W]` in files, whatever the memory holds; tokens are `[B, N]`.
public struct ForwardPass {
    public enum Part: String, CaseIterable, Sendable { case denoiser, encoder, decoder, text }

    /// Every name an input file may use.
    static let names = ["x", "t", "class", "context", "context_mask", "previous"]

    let model: String
    let part: Part
    let precision: Precision

    public init(model: String, part: Part, precision: Precision) {
        self.model = model
        self.part = part
        self.precision = precision
    }

    /// Writes `out`, and `pooled` where there is one. `note` hears of inputs that this part does not read.
    public func run(input: String, out: String, note: (String) -> Void) throws {
        let loaded = try ModelDirectory.load(model)
        let tensors = try PartInput(input)
        var writer = SafetensorsWriter()
        try withoutGradients {
            try withPrecision(precision) {
                switch part {
                case .denoiser: try denoiser(loaded.system, tensors, &writer)
                case .encoder: try encoder(codec(loaded.system), tensors, &writer)
                case .decoder: try decoder(codec(loaded.system), tensors, &writer)
                case .text: try text(loaded.system, tensors, &writer)
                }
            }
        }
        for name in tensors.unread { note("'\(name)' is not read by this \(part.rawValue)") }
        try writer.write(to: out, metadata: ["model": loaded.fingerprint])
    }

    private func missing(_ what: String, _ system: any System) -> InputError {
        InputError("this model has no \(what)", at: model, found: type(of: system).name)
    }

    private func codec(_ system: any System) throws -> any Codec {
        guard let codec = system.anyCodec else { throw missing("codec", system) }
        return codec
    }

    private func denoiser(_ system: any System, _ tensors: PartInput, _ writer: inout SafetensorsWriter) throws {
        guard let system = system as? any DenoisingSystem else { throw missing("denoiser", system) }
        let x =
            system.stateTokens > 0
            ? try tensors.grid("x", system.stateShape, below: system.stateTokens).tensor
            : try tensors.map("x", system.stateShape)
        let batch = x.shape[0]
        var question = DenoiserQuestion(state: x, times: try tensors.numbers("t", [batch]).values)
        if system.classCount > 0, tensors.has("class") {
            question.classes = try tensors.whole("class", [batch], below: system.classCount + 1)
        }
        if system.contextWidth > 0, tensors.has("context") {
            question.context = try tensors.numbers("context", [batch, nil, system.contextWidth])
            if tensors.has("context_mask") {
                question.contextMask = try tensors.numbers("context_mask", [batch, question.context!.shape[1]])
            }
        }
        let out = system.denoise(question)
        writer.add("out", out.rank == 4 ? out.permuted([0, 3, 1, 2]) : out)
    }

    /// Moments `[B, 2c, h, w]`, mean then log-variance of the normalised latents; or tokens `[B, h w]`.
    private func encoder(_ codec: any Codec, _ tensors: PartInput, _ writer: inout SafetensorsWriter) throws {
        switch codec.encode(try tensors.map("x", codec.mediaShape)) {
        case .moments(let mean, let logVariance):
            writer.add("out", concatenated([mean, logVariance], axis: 3).permuted([0, 3, 1, 2]))
        case .tokens(let tokens):
            writer.add("out", tokens.reshaped([tokens.shape[0], tokens.count / tokens.shape[0]]))
        }
    }

    /// From normalised latents `[B, c, h, w]`, or tokens `[B, h w]`.
    private func decoder(_ codec: any Codec, _ tensors: PartInput, _ writer: inout SafetensorsWriter) throws {
        let decoded: Tensor
        switch codec.latents.kind {
        case .continuous: decoded = codec.decode(try tensors.map("x", codec.latents.shape))
        case .tokens(let codes): decoded = codec.decode(.tokens(try tensors.grid("x", codec.latents.shape, below: codes)))
        }
        writer.add("out", decoded.permuted([0, 3, 1, 2]))
    }

    private func text(_ system: any System, _ tensors: PartInput, _ writer: inout SafetensorsWriter) throws {
        guard let reader = (system as? any ReadingSystem)?.textReader else { throw missing("text encoder", system) }
        let read = reader.read(CaptionTokens(try tensors.grid("x", [reader.length], below: reader.vocabulary)))
        writer.add("out", read.states)
        writer.add("pooled", read.pooled)
    }
}

extension System {
    /// The codec it is, or the frozen one it works in.
    var anyCodec: (any Codec)? { (self as? any CodecSystem)?.codec ?? (self as? any LatentSystem)?.frozenCodec }
}
