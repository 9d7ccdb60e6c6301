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
        /// Share of the chances that sampling draws from.
        var truncation = 1.0
        /// Reads the section `corruption` of tokens of so many codes.
        var corrupted: (Section, Int, CategoricalSection.Defaults) throws -> CategoricalSection = {
            try CategoricalSection($0, codes: $1, $2)
        }
        /// Makes the network, with what the section `model` says of it beyond the sizes.
        var network: (Section, TokenTransformerConfiguration) throws -> any TokenNetwork = { TokenTransformer($1) }
    }

    let ground: TokenGround
    let denoiser: any TokenNetwork
    let generator: TokenGenerator
    let candidates: TokenCandidates

    var codec: CodecReference { ground.codec }
    var listener: Listener { ground.listener }

    /// Sections: those of `TokenGround`; `model {dim, depth, heads, mlp_ratio, time, rotary}`; `corruption`; `sample`.
    ///
    /// - Parameter defaults: of a codec with so many tokens a picture.
    init(_ section: Section, _ surroundings: Surroundings, defaults: (_ tokens: Int) -> Defaults) throws {
        ground = try TokenGround(section, surroundings)
        let chosen = defaults(ground.length)
        let categorical = try chosen.corrupted(try section.section("corruption"), ground.codes, chosen.corruption)
        let model = try section.section("model")
        var c = try ground.network(model, time: chosen.time)
        c.steps = categorical.schedule.steps
        denoiser = try chosen.network(model, c)
        let sample = try section.section("sample")
        generator = try TokenGenerator(
            categorical, sample: sample, sampler: chosen.sampler, truncation: chosen.truncation,
            steps: min(chosen.steps ?? categorical.schedule.steps, categorical.schedule.steps))
        candidates = try TokenCandidates(sample, ground, generator)
    }

    var importance: StepImportance? { generator.categorical.importance }
}

extension TokenTransformerConfiguration {
    /// Keys: `dim`, `depth`, `heads`, `mlp_ratio`, `time`, `rotary`.
    init(_ section: Section, time: Time) throws {
        self.init()
        dim = try section.int("dim", default: dim, in: 4...8192)
        depth = try section.int("depth", default: depth, in: 1...200)
        heads = try section.int("heads", default: heads, in: 1...128)
        mlpRatio = try section.int("mlp_ratio", default: mlpRatio, in: 1...16)
        self.time = try section.choice("time", default: time)
        isRotary = try section.bool("rotary", default: isRotary)
        guard dim % heads == 0 else {
            throw section.error("dim", "does not fit", expected: "a multiple of \(heads) heads", found: "\(dim)")
        }
        guard !isRotary || dim / heads % 4 == 0 else {
            throw section.error(
                "dim", "does not fit rotary positions", expected: "a multiple of 4 for each head", found: "\(dim / heads)")
        }
    }
}
