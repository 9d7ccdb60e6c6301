import Media
import Tensors

/// One sample to draw, addressed: its numbers depend on its seed and nothing else.
struct SampleJob {
    var promptIndex: Int
    var prompt: String?
    var label: Int?
    var seed: UInt64

    var place: Noise { Noise(seed: seed)("sample") }

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
    static func list(_ request: SampleRequest, hasText: Bool, classes: Int) throws(InputError) -> [SampleJob] {
        if !request.prompts.isEmpty && !hasText {
            throw InputError("this model does not listen to sentences", at: "--prompt", hint: classes > 0 ? "use --class" : nil)
        }
        if !request.classes.isEmpty && classes == 0 {
            throw InputError("this model does not know classes", at: "--class", hint: hasText ? "use --prompt" : nil)
        }
        if let bad = request.classes.first(where: { $0 < 0 || $0 >= classes }) {
            throw InputError("no such class", at: "--class", expected: "0...\(classes - 1)", found: "\(bad)")
        }
        if hasText && request.prompts.isEmpty {
            throw InputError("this model needs a sentence", at: "--prompt")
        }
        let told: [(String?, Int?)] =
            hasText
            ? request.prompts.map { ($0, nil) }
            : classes > 0
                ? (request.classes.isEmpty ? [0] : request.classes).map { ("class \($0)", $0) } : [(nil, nil)]
        if request.pairsSeeds && (hasText || classes > 0) {
            require(told.count == request.seeds.count, "SampleJob: \(request.seeds.count) seeds for \(told.count) prompts")
            return told.indices.map {
                SampleJob(promptIndex: $0, prompt: told[$0].0, label: told[$0].1, seed: request.seeds[$0])
            }
        }
        var jobs: [SampleJob] = []
        for (index, (prompt, label)) in told.enumerated() {
            for seed in request.seeds { jobs.append(SampleJob(promptIndex: index, prompt: prompt, label: label, seed: seed)) }
        }
        return jobs
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
    /// Throws for the first of some options that was given, which only models of another kind of latents have.
    public func refuse(_ options: [(flag: String, value: Any?)], of kind: String) throws(InputError) {
        for (flag, value) in options {
            if let value {
                throw InputError("is an option of models with \(kind)", at: flag, expected: "nothing", found: "\(value)")
            }
        }
    }
}
