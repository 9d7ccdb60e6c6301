import Codecs
import Denoisers
import Diffusion
import Networks
import Tensors

/// What a system of categorical diffusion is made of, read from its sections.
///
/// Not a module: the walker finds its modules where the system itself holds them.
final class TokenParts {
    /// What a system chooses where the file says nothing.
    struct Defaults {
        var corruption = CategoricalSection.Defaults()
        var time = TokenTransformerConfiguration.Time.none
        /// What suits the objective when nil.
        var sampler: String?
        /// All of the chain when nil.
        var steps: Int?
        /// Reads the section `corruption` of tokens of so many codes.
        var corrupted: (Section, Int, CategoricalSection.Defaults) throws -> CategoricalSection = {
            try CategoricalSection($0, codes: $1, $2)
        }
        /// Makes the network, with what the section `model` says of it beyond the sizes.
        var network: (Section, TokenTransformerConfiguration) throws -> any TokenNetwork = { TokenTransformer($1) }
    }

    let codec: CodecReference
    let listener: Listener
    let denoiser: any TokenNetwork
    let generator: TokenGenerator

    /// Sections: `codec {from}`, or of points `codec {kind: gray_code, size, bits, reach}`; `condition`; `model {dim, depth, heads, mlp_ratio, time}`; `corruption`; `sample`.
    ///
    /// - Parameter defaults: of a codec with so many tokens a picture.
    init(_ section: Section, _ surroundings: Surroundings, defaults: (_ tokens: Int) -> Defaults) throws {
        codec = try CodecReference(section, surroundings)
        guard case .tokens(let codes) = codec.codec.latents.kind else {
            throw try section.section("codec").error("from", "gives real latents", expected: "a codec with tokens")
        }
        let shape = codec.codec.latents.shape
        let chosen = defaults(shape.reduce(1, *))
        listener = try Listener(try section.section("condition"), surroundings)
        let categorical = try chosen.corrupted(try section.section("corruption"), codes, chosen.corruption)
        let model = try section.section("model")
        var c = try TokenTransformerConfiguration(model, time: chosen.time)
        (c.codes, c.rows, c.columns) = (codes, shape[0], shape[1])
        c.steps = categorical.schedule.steps
        c.classes = listener.classes
        c.contextWidth = listener.reader?.width ?? 0
        denoiser = try chosen.network(model, c)
        generator = try TokenGenerator(
            categorical, sample: try section.section("sample"), sampler: chosen.sampler,
            steps: min(chosen.steps ?? categorical.schedule.steps, categorical.schedule.steps))
    }

    var importance: StepImportance? { generator.categorical.importance }
}

extension TokenTransformerConfiguration {
    /// Keys: `dim`, `depth`, `heads`, `mlp_ratio`, `time`.
    init(_ section: Section, time: Time) throws {
        self.init()
        dim = try section.int("dim", default: dim, in: 4...8192)
        depth = try section.int("depth", default: depth, in: 1...200)
        heads = try section.int("heads", default: heads, in: 1...128)
        mlpRatio = try section.int("mlp_ratio", default: mlpRatio, in: 1...16)
        self.time = try section.choice("time", default: time)
        guard dim % heads == 0 else {
            throw section.error("dim", "does not fit", expected: "a multiple of \(heads) heads", found: "\(dim)")
        }
    }
}
