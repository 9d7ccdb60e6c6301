import Media
import Tensors

/// How what a codec decodes becomes pictures, or sounds.
struct MediaMaking {
    private let form: MediaForm
    /// Of sounds.
    private let vocoder: (any Vocoder)?

    /// Section of a system; of sounds it may have `vocoder {iterations, momentum}`, of Griffin-Lim.
    init(_ form: MediaForm, _ section: Section) throws {
        self.form = form
        guard case .spectrogram(let mel, _) = form else {
            vocoder = nil
            return
        }
        let part = try section.section("vocoder")
        let usual = GriffinLim(mel)
        vocoder = GriffinLim(
            mel, iterations: try part.int("iterations", default: usual.iterations, in: 0...10_000),
            momentum: try part.float("momentum", default: usual.momentum, in: 0...2))
    }

    /// - Parameter media: `[B, H, W, C]` in about [-1, 1], one of each job.
    func samples(_ media: Tensor, of jobs: ArraySlice<SampleJob>) -> [Sample] {
        guard let vocoder else { return zip(jobs, media.pictures).map { $0.sample(picture: $1) } }
        return jobs.enumerated().map { row, job in
            let values = MediaForm.values(spectrogram: media.slice(0, row..<row + 1))
            return job.sample(vocoder.sound(of: values, noise: job.place("vocoder")), of: values)
        }
    }
}
