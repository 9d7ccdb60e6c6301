import Foundation
import Testing

/// bf16 training follows f32 training: the same run in both, loss beside loss.
@Suite struct PrecisionTests {
    @Test(arguments: ["kl", "dit"])
    func `a loss falls in bf16 as it does in f32`(_ kind: String) throws {
        let place = try Tiny.shared.get()
        let slower = Tiny.dit(steps: 120).replacingOccurrences(of: "1.0e-2", with: "3.0e-3")
        let text = kind == "kl" ? Tiny.kl(steps: 60) : slower
        try place.write(text, to: "long-\(kind).yaml")
        let curves = try ["f32", "bf16"].map { precision in
            let run = "long-\(kind)-\(precision)"
            try Program.succeed(
                ["train", "long-\(kind).yaml", "--quiet", "--run-dir", run, "--set", "train.precision=\(precision)"],
                in: place.path)
            return try losses(place.path + "/" + run + "/log.jsonl")
        }
        let (full, half) = (curves[0], curves[1])
        #expect(full.count >= 6 && full.count == half.count && full != half)
        #expect(full.last! < 0.7 * full.first!, "\(full)")
        for (a, b) in zip(full, half) { #expect(abs(a - b) < 0.05 * a, "\(full) and \(half)") }
        // Rounding has no direction: over the whole curve it all but cancels.
        let ratio = half.reduce(0, +) / full.reduce(0, +)
        #expect(abs(ratio - 1) < 0.02, "\(ratio)")
    }

    private func losses(_ path: String) throws -> [Double] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").compactMap { line in
            let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return record?["loss"] as? Double
        }
    }
}
