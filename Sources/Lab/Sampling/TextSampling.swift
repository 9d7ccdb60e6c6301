import Systems
import Tensors
import Training

/// `latentlab sample` of a model whose samples are sentences.
struct TextSampling {
    let system: any GenerativeSystem
    let request: SampleRequest

    /// - Parameters:
    ///   - out: a folder for `<prompt index>-<seed>.txt`, a `.txt` file of one sentence, or a `.jsonl` file of all.
    ///   - watches: shows the sentences at every step instead of how many are done.
    func run(out: String, watches: Bool, quiet: Bool) throws {
        let name = out.lowercased()
        if let dot = name.lastIndex(of: "."), ["png", "jpg", "jpeg", "wav", "flac", "ogg"].contains(name[dot...].dropFirst()) {
            throw InputError("is no file for sentences", at: "--out \(out)", expected: "a folder, a .txt or a .jsonl file")
        }
        let takesAll = name.hasSuffix(".jsonl")
        let destination = try SampleDestination(
            out, isFile: takesAll || name.hasSuffix(".txt"), total: takesAll ? 1 : request.total, noun: "text",
            expecting: "a folder or a .jsonl file", beside: [])
        defer { destination.close() }
        let bar = ProgressBar("sampling", total: request.total, unit: "sample", quiet: quiet || watches)
        var request = request
        if watches {
            let view = LiveSentences()
            request.film = Film(frames: .max) { view.show($0) }
        }
        var (lines, count) = ("", 0)
        try system.sample(request) { sample in
            guard let text = sample.text else { return }
            if takesAll {
                lines += sample.line("text", JSON(text))
            } else {
                try AtomicFile.write(text + "\n", to: destination.path(of: sample, "txt"))
            }
            count += 1
            bar.update(count)
        }
        bar.finish()
        if takesAll { try AtomicFile.write(lines, to: out) }
    }
}
