import Denoisers
import Diffusion
import Networks
import Tensors

/// P5: latent diffusion for language (Lovelace et al. 2023, arXiv 2212.09462): Gaussian diffusion in a sentence codec's latents, which the
/// codec's decoder then says.
///
/// Sections: `codec {from}`; `condition` `none`, `class`, or `text` for a sentence to be made into another; `model` as of `dit` with
/// cross-attention, `self_conditioning` `half` when nothing is said; `corruption`, with the cosine and v of the paper's second version
/// unless it says otherwise (of the first: `schedule: linear, parameterization: x0, loss: l1`); `sample {sampler, steps, spacing,
/// cfg_scale, noise}`. Where latents are a state for each token, their number is drawn from what training saw.
///
/// `sample.noise` is the deviation of what is added to finished latents before they are said (conditioning augmentation, Ho et al. 2021,
/// arXiv 2106.15282): a codec that was trained with `noise` then says the nearest that makes sense.
public final class LD4LGSystem: Module, GaussianSystem {
    public static let name = "ld4lg"

    let parts: GaussianParts
    let reader: (any TextReader)?
    let viewer: PictureEncoder?
    let denoiser: DiffusionTransformer
    /// How many training sentences had so many states: `[L]`; nil where all have as many latents.
    let lengths: Buffer?
    private let noise: Float

    public init(_ section: Section, _ surroundings: Surroundings) throws {
        parts = try GaussianParts(section, surroundings) { codec in
            guard codec.medium == .text else {
                throw try section.section("codec").error("from", "is not of sentences", expected: "a sentence-codec")
            }
            return .init(gaussian: .init(schedule: "vp_cosine", parameterization: .v), network: .sequence)
        }
        (reader, viewer, denoiser) = (parts.listener.reader, parts.listener.viewer, parts.denoiser)
        let codec = parts.codec.codec
        let length = codec.latents.shape[0]
        noise = try section.section("sample").float("noise", default: 0, in: 0...10)
        lengths = length == codec.mediaShape[0] ? Buffer(.zeros([length])) : nil
        super.init()
    }

    public var module: Module { self }

    /// Counts how long the sentences are.
    public func prepare(with batch: Batch) {
        guard let lengths, var histogram else { return }
        for row in mask(of: parts.codec.latents(of: batch)).sum(1).values where row > 0 { histogram.add(Int(row)) }
        lengths.value = Tensor(histogram.counts.map(Float.init), lengths.value.shape)
    }

    func content(of latents: Tensor) -> Tensor? { lengths.map { _ in mask(of: latents) } }

    var drawnContent: (([SampleJob]) -> Tensor)? {
        histogram.map { histogram in
            { jobs in histogram.mask(jobs.map { histogram.draw($0.place("length")) }) }
        }
    }

    func finished(_ latents: Tensor, of jobs: ArraySlice<SampleJob>) -> Tensor {
        guard noise > 0 else { return latents }
        let noised = latents + normal(jobs.map { $0.place("said") }, Array(latents.shape.dropFirst())) * noise
        return lengths == nil ? noised : noised * mask(of: latents).reshaped([jobs.count, latents.shape[1], 1, 1])
    }

    private func mask(of latents: Tensor) -> Tensor { latents.abs().sum([2, 3]).greater(Tensor(0)) }

    private var histogram: LengthHistogram? {
        lengths.map { LengthHistogram(counts: $0.value.values.map { Int($0) }) }
    }
}
