import Codecs
import Denoisers
import Diffusion
import Media
import Networks
import Tensors

/// P11: a second Transformer that learns which tokens of a picture a generator made up, and says at each step of sampling which to
/// keep (Lezama et al. 2022, arXiv 2209.04439).
///
/// Sections: `generator {from}`, a finished model that only masks, `maskgit` say; `model {dim, depth, heads, rotary}` of the critic;
/// `sample {steps, cfg_scale, critic_noise, temperature}`. The critic listens to the generator's own reader.
public final class TokenCriticSystem: Module, GenerativeSystem, LatentSystem, ReadingSystem {
    public static let name = "token-critic"

    let critic: TokenTransformer
    private let frozen: FrozenGenerator
    private let sampler: TokenGenerator

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        frozen = try FrozenGenerator(try section.section("generator"))
        let parts = frozen.system.parts
        var c = try TokenTransformerConfiguration(try section.section("model"), time: .none)
        let own = parts.denoiser.configuration
        (c.codes, c.rows, c.columns, c.outputs) = (own.codes, own.rows, own.columns, 1)
        (c.classes, c.contextWidth) = (own.classes, own.contextWidth)
        critic = TokenTransformer(c)
        sampler = try TokenGenerator(
            parts.generator.categorical, sample: try section.section("sample"), sampler: "critic",
            steps: min(18, parts.generator.categorical.schedule.steps))
        super.init()
    }

    public var sampling: SamplingDefaults { sampler.sampling }
    public var medium: Medium { frozen.system.medium }
    public var form: MediaForm { frozen.system.form }
    public var frozenCodec: any Codec { frozen.system.frozenCodec }
    public var codecFingerprint: String { frozen.system.codecFingerprint }
    public var textReader: (any TextReader)? { frozen.system.parts.listener.reader }

    // MARK: - Training

    public var module: Module { self }
    public var phases: [Phase] { [Phase(name: "critic", parameters: parameters()) { batch, _ in self.loss(batch) }] }

    /// Binary cross entropy of "the generator made this token up" over all tokens, masked and drawn ones against the rest (section
    /// 3.1). A token that the generator happened to draw right still counts as made up.
    ///
    /// Sums over examples: `accuracy`, the share of tokens told right.
    public func loss(_ batch: Batch) -> LossReport {
        let parts = frozen.system.parts
        let x0 = parts.codec.tokens(of: batch)
        let told = parts.listener.conditions(of: batch)
        let times = UniformSteps(steps: parts.generator.categorical.schedule.steps).draw(batch.places).times
        let (x, madeUp) = withoutGradients { imagined(x0, at: times, batch.places, told) }
        let logits = scores(x, told)
        // -log σ(z) where made up, -log σ(-z) where real.
        let loss = (-logits).softplus() * madeUp + logits.softplus() * (1 - madeUp)
        let right = logits.detached().greater(.zeros(logits.shape)).equals(madeUp)
        return LossReport(loss: loss.mean(), sums: ["accuracy": right.mean(1).sum()])
    }

    /// Real tokens with some of them drawn by the generator, and 1 where they were.
    private func imagined(
        _ x0: Tokens, at times: [Float], _ places: [Noise], _ told: [Condition]
    ) -> (tokens: Tokens, madeUp: Tensor) {
        let parts = frozen.system.parts
        let corruption = parts.generator.corruption
        var x = corruption.corrupt(x0, at: times, places)
        let madeUp = Tensor(x.values.map { $0 == corruption.mask ? 1 : 0 }, x.shape)
        let logits = parts.denoiser(DenoiserInput(x, at: times, corruption.schedule, conditions: told)).output
        let guesses = drawn(logits, places: places.map { $0("imagined") })
        for i in x.values.indices where x.values[i] == corruption.mask { x.values[i] = guesses.values[i] }
        return (x, madeUp)
    }

    /// How much each token looks made up: logits `[B, N]`.
    private func scores(_ x: Tokens, _ told: [Condition]) -> Tensor {
        let times = [Float](repeating: 0, count: x.shape[0])
        let input = DenoiserInput(x, at: times, frozen.system.parts.generator.corruption.schedule, conditions: told)
        return critic(input).output.squeezed(2)
    }

    // MARK: - Sampling

    public func sample(_ request: SampleRequest, deliver: (Sample) throws -> Void) throws {
        try frozen.system.draw(
            request, by: sampler, judge: { x, _, told in 1 - self.scores(x, told).sigmoid() }, deliver: deliver)
    }

    // MARK: - Model directory

    public func writeParts(to folder: String) throws { try frozen.model.write(to: folder, as: "generator") }

    public func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        frozen.model.configuration(resolved, as: "generator")
    }
}

/// The generator that a critic judges. A class and no module, so that the walker does not take it for a part of the critic.
private final class FrozenGenerator {
    let model: ModelReference
    let system: any TokenSystem

    init(_ section: Section) throws {
        model = try ModelReference(section)
        guard let system = model.system as? any TokenSystem, system.parts.generator.masksOnly else {
            throw section.error(
                "from", "does not make pictures by unmasking tokens", expected: "a model of \(MaskGITSystem.name), say",
                found: type(of: model.system).name)
        }
        self.system = system
        model.freeze(system.module)
    }
}
