import Media
import Tensors

/// How what a codec decodes becomes pictures, sounds or sentences.
struct MediaMaking {
    private let form: MediaForm
    /// Of sounds.
    private let vocoder: (any Vocoder)?
    /// Nil of Griffin-Lim, which learns nothing.
    private let model: ModelReference?

    /// Section of a system. Of sounds it may have `vocoder {from}`, a model that makes spectrograms audible, or `vocoder {iterations,
    /// momentum}` of Griffin-Lim.
    init(_ form: MediaForm, _ section: Section) throws {
        self.form = form
        guard case .spectrogram(let mel, _) = form else {
            (vocoder, model) = (nil, nil)
            return
        }
        let part = try section.section("vocoder")
        guard part.has("from") else {
            let usual = GriffinLim(mel)
            vocoder = GriffinLim(
                mel, iterations: try part.int("iterations", default: usual.iterations, in: 0...10_000),
                momentum: try part.float("momentum", default: usual.momentum, in: 0...2))
            model = nil
            return
        }
        let model = try ModelReference(part)
        guard let system = model.system as? any VocoderSystem else {
            throw part.error("from", "is no vocoder", expected: "a model of melgan, say", found: type(of: model.system).name)
        }
        guard system.vocoder.settings == mel.settings else {
            throw part.error(
                "from", "takes other spectrograms than the codec's", expected: "\(mel.settings)",
                found: "\(system.vocoder.settings)")
        }
        (vocoder, self.model) = (system.vocoder, model)
    }

    /// - Parameter media: `[B, H, W, C]` in about [-1, 1], one of each job.
    func samples(_ media: Tensor, of jobs: ArraySlice<SampleJob>) -> [Sample] {
        if case .text = form { return zip(jobs, form.texts(media)).map { $0.sample(text: $1) } }
        guard let vocoder else { return zip(jobs, media.pictures).map { $0.sample(picture: $1) } }
        return jobs.enumerated().map { row, job in
            let values = MediaForm.values(spectrogram: media.slice(0, row..<row + 1))
            return job.sample(vocoder.sound(of: values, noise: job.place("vocoder")), of: values)
        }
    }

    func write(to folder: String) throws { try model?.write(to: folder, as: "vocoder") }

    func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        model?.configuration(resolved, as: "vocoder") ?? resolved
    }
}
