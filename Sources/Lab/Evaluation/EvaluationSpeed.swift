import Systems
import Tensors
import Training

extension Evaluation {
    /// Seconds for each of `count` samples, computed `--batch` at a time, their decoding included; one batch goes before and is not counted.
    func speed(_ system: any GenerativeSystem) throws -> [Result] {
        let draw = try drawing(system)
        try draw(0..<min(count, request.batch))
        let began = monotonicSeconds()
        try draw(0..<count)
        let each = (monotonicSeconds() - began) / Double(count)
        return [
            Result(
                name: "seconds-per-sample", value: each,
                text: "\(fixed(each, decimals: 4)), \(request.batch) at a time on \(Compute.threads) threads")
        ]
    }

    /// Draws some of the samples that speed is measured with: of captions, or of sentences as many as the split has, told what they are.
    private func drawing(_ system: any GenerativeSystem) throws -> (Range<Int>) throws -> Void {
        if system.medium == .text {
            let real = try examples(count)
            return { range in _ = try samples(of: system, like: range.map { real[$0 % real.count] }) }
        }
        let captions = try DataSection.captions(kind, split: split, count: count, seed: seed)
        return { range in _ = try draw(system, Array(captions[range])) }
    }
}
