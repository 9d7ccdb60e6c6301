import Media
import Tensors

/// One sample to draw, addressed: its numbers depend on its seed and nothing else.
struct SampleJob {
    var promptIndex: Int
    var prompt: String?
    var label: Int?
    /// What it is told about, of models that are told pictures.
    var picture: Picture?
    var seed: UInt64
    /// Which of several that one is chosen from.
    var candidate = 0

    var place: Noise {
        let first = Noise(seed: seed)("sample")
        return candidate == 0 ? first : first("candidate")(candidate)
    }

    func candidate(_ index: Int) -> SampleJob {
        var job = self
        job.candidate = index
        return job
    }

    func sample(picture: Picture) -> Sample {
        Sample(promptIndex: promptIndex, prompt: prompt, seed: seed, picture: picture)
    }

    func sample(_ sound: Sound, of spectrogram: Tensor) -> Sample {
        Sample(promptIndex: promptIndex, prompt: prompt, seed: seed, sound: sound, spectrogram: spectrogram)
    }

    func sample(text: String) -> Sample { Sample(promptIndex: promptIndex, prompt: prompt, seed: seed, text: text) }

    func sample(points: Tensor) -> Sample {
        Sample(promptIndex: promptIndex, prompt: prompt, seed: seed, points: points)
    }

    /// Every prompt with every seed, prompt by prompt, or each prompt with its own.
    static func list(
        _ request: SampleRequest, hasText: Bool, classes: Int, sees: Bool = false, fills: Bool = false
    ) throws(InputError) -> [SampleJob] {
        let way = hasText ? "use --prompt" : classes > 0 ? "use --class" : sees ? "use --picture" : nil
        if !request.prompts.isEmpty && !hasText {
            throw InputError("this model does not listen to sentences", at: "--prompt", hint: way)
        }
        if !request.classes.isEmpty && classes == 0 {
            throw InputError("this model does not know classes", at: "--class", hint: way)
        }
        if !request.pictures.isEmpty && !sees {
            throw InputError("this model is not told pictures", at: "--picture", hint: way)
        }
        if !request.infills.isEmpty && !fills {
            throw InputError("this model does not fill in blanks", at: "--infill", hint: way)
        }
        if let bad = request.classes.first(where: { $0 < 0 || $0 >= classes }) {
            throw InputError("no such class", at: "--class", expected: "0...\(classes - 1)", found: "\(bad)")
        }
        if hasText && request.prompts.isEmpty {
            throw InputError("this model needs a sentence", at: "--prompt")
        }
        if sees && request.pictures.isEmpty {
            throw InputError("this model needs a picture", at: "--picture")
        }
        let told: [SampleJob] =
            if hasText {
                request.prompts.enumerated().map { SampleJob(promptIndex: $0, prompt: $1, seed: 0) }
            } else if sees {
                request.pictures.enumerated().map { SampleJob(promptIndex: $0, prompt: $1.name, picture: $1.picture, seed: 0) }
            } else if !request.infills.isEmpty {
                request.infills.enumerated().map { SampleJob(promptIndex: $0, prompt: $1, seed: 0) }
            } else if classes > 0 {
                (request.classes.isEmpty ? [0] : request.classes).enumerated().map {
                    SampleJob(promptIndex: $0, prompt: "class \($1)", label: $1, seed: 0)
                }
            } else {
                [SampleJob(promptIndex: 0, seed: 0)]
            }
        func job(_ asked: SampleJob, _ seed: UInt64) -> SampleJob {
            var job = asked
            job.seed = seed
            return job
        }
        if request.pairsSeeds && (hasText || sees || !request.infills.isEmpty || classes > 0) {
            require(told.count == request.seeds.count, "SampleJob: \(request.seeds.count) seeds for \(told.count) prompts")
            return zip(told, request.seeds).map(job)
        }
        return told.flatMap { asked in request.seeds.map { job(asked, $0) } }
    }
}

extension [SampleJob] {
    /// As many at a time as are computed together.
    func chunks(of size: Int) -> [ArraySlice<SampleJob>] {
        let size = Swift.max(1, size)
        return stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}

extension SampleRequest {
    /// Throws for options that sentences do not have.
    func refuseMediaOptions() throws(InputError) {
        try refuse(
            [("--size", size), ("--seconds", seconds), ("--init", start.map { _ in "a start" })], of: "pictures or sounds")
    }

    /// Throws for the first of some options that was given, which only models of another kind of latents have.
    public func refuse(_ options: [(flag: String, value: Any?)], of kind: String) throws(InputError) {
        for (flag, value) in options {
            if let value {
                throw InputError("is an option of models with \(kind)", at: flag, expected: "nothing", found: "\(value)")
            }
        }
    }
}
