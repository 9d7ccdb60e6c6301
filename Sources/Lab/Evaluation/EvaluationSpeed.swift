import Systems
import Tensors
import Training

extension Evaluation {
    /// Seconds for each of `count` samples, computed `--batch` at a time, their decoding included; one batch goes before and is not counted.
    func speed(_ system: any GenerativeSystem) throws -> [Result] {
        let (total, draw) = try drawing(system)
        try draw(0..<min(total, request.batch))
        let began = monotonicSeconds()
        try draw(0..<total)
        let each = (monotonicSeconds() - began) / Double(total)
        return [
            Result(
                name: "seconds-per-sample", value: each,
                text: "\(fixed(each, decimals: 4)), \(request.batch) at a time on \(Compute.threads) threads")
        ]
    }

    /// How many samples speed is measured with, at most as many as the split has, and what draws some of them: sentences told what those of
    /// the split are told, or what captions speak of.
    private func drawing(_ system: any GenerativeSystem) throws -> (total: Int, draw: (Range<Int>) throws -> Void) {
        if system.medium == .text {
            let real = try examples(count)
            return (real.count, { range in _ = try samples(of: system, like: Array(real[range])) })
        }
        let captions = try DataSection.captions(kind, split: split, count: count, seed: seed)
        return (captions.count, { range in _ = try draw(system, Array(captions[range])) })
    }
}
