import Denoisers
import Diffusion
import Media
import Networks
import Tensors

/// Diffusion of points: the whole method at a size where the best answer is known.
///
/// No codec stands between data and latents. With `model: {kind: exact}` there is nothing to learn: the denoiser is the closed
/// formula of a mixture.
/// Sections: `condition {kind, classes, dropout}`, `model {kind: mlp, size, width, depth | kind: exact, shape, ...}`,
/// `corruption {schedule, parameterization, time, weighting}`, `sample {sampler, steps, spacing, cfg_scale}`.
public final class ToySystem: Module, GenerativeSystem {
    public static let name = "toy"

    let denoiser: any Denoiser
    private let generator: GaussianGenerator
    /// Numbers of one point.
    private let size: Int
    private let classes: Int
    private let dropout: Float

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        let condition = try section.section("condition")
        let isTold = try condition.choice("kind", among: ["none", "class"], default: "none") == "class"
        classes = isTold ? try condition.int("classes", in: 1...1_000_000) : 0
        dropout = isTold ? try condition.float("dropout", default: 0.1, in: 0...1) : 0
        let corruption = try section.section("corruption")
        let gaussian = try GaussianSection(corruption)
        do { try GaussianCorruption(gaussian.schedule).check(gaussian.parameterization) } catch {
            throw corruption.error("parameterization", error.what, expected: error.expected, found: error.found)
        }
        let model = try section.section("model")
        switch try model.choice("kind", among: ["mlp", "exact"], default: "mlp") {
        case "exact":
            let mixture = try MixtureSection(model).mixture
            let labels = Set(mixture.components.map(\.label))
            guard classes <= labels.count else {
                throw condition.error(
                    "classes", "are more than the mixture has", expected: "at most \(labels.count)", found: "\(classes)"
                )
            }
            denoiser = ExactDenoiser(mixture, gaussian.schedule, saying: gaussian.parameterization)
            size = mixture.size
        default:
            var c = MLPConfiguration()
            c.size = try model.int("size", default: c.size, in: 1...4096)
            c.width = try model.int("width", default: c.width, in: 2...8192)
            c.depth = try model.int("depth", default: c.depth, in: 0...200)
            c.classes = classes
            c.prediction = gaussian.parameterization
            denoiser = MLPDenoiser(c)
            size = c.size
        }
        generator = try GaussianGenerator(gaussian, sample: try section.section("sample"), channels: size)
        super.init()
    }

    public var medium: Medium { .point }
    public var sampling: SamplingDefaults { generator.sampling }
    public var module: Module { self }

    public var phases: [Phase] {
        let parameters = parameters()
        return parameters.isEmpty
            ? [] : [Phase(name: "denoiser", parameters: parameters) { batch, _ in self.loss(batch) }]
    }

    /// Of points `[B, D]` as latents.
    func loss(_ batch: Batch) -> LossReport {
        guard let points = batch.latents else { fatalError("toy: a batch without points") }
        var told: [Condition] = []
        if classes > 0 {
            let drops = batch.places.map { $0("drop").uniformDouble() < Double(dropout) }
            told = [Condition(.classes, labels: batch.labels).withheld(where: drops)]
        }
        return generator.loss(points, of: batch, denoiser, told: told)
    }

    public func sample(_ request: SampleRequest, deliver: (Sample) throws -> Void) throws {
        if request.start != nil { throw InputError("this model makes points, not pictures", at: "--init") }
        if request.negative != nil { throw InputError("this model does not listen to sentences", at: "--negative") }
        let jobs = try SampleJob.list(request, hasText: false, classes: classes)
        try generator.draw(
            jobs, [size], request, denoiser,
            conditions: { jobs in
                (classes > 0 ? [Condition(.classes, labels: jobs.map { $0.label ?? 0 })] : [], nil)
            },
            deliver: { chunk, points in
                for (row, job) in chunk.enumerated() { try deliver(job.sample(points: points.slice(0, row..<row + 1))) }
            })
    }
}
