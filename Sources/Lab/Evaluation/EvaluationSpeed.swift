import Systems
import Tensors
import Training

extension Evaluation {
    /// Seconds for each of `count` samples, computed `--batch` at a time, their decoding included; one batch goes before and is not counted.
    func speed(_ system: any GenerativeSystem) throws -> [Result] {
        let captions = try DataSection.captions(kind, split: split, count: count, seed: seed)
        _ = try draw(system, Array(captions.prefix(request.batch)))
        let began = monotonicSeconds()
        _ = try draw(system, captions)
        let each = (monotonicSeconds() - began) / Double(captions.count)
        return [
            Result(
                name: "seconds-per-sample", value: each,
                text: "\(fixed(each, decimals: 4)), \(request.batch) at a time on \(Compute.threads) threads")
        ]
    }
}
