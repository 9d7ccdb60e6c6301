import Foundation
import Tensors

extension Benchmark.Report {
    /// What a person reads: ours, every peer, and how far from the machine's own limits.
    public var table: String {
        func row(_ name: String, _ values: [Double], _ peak: Double) -> String {
            let cells = [median(values), values.min() ?? .nan, peak].map { String(format: "%12.1f", $0) }
            return name.padding(toLength: 24, withPad: " ", startingAt: 0) + cells.joined()
        }
        var lines = [
            "\(name), \(precision.rawValue), \(threads) threads, \(times.count) runs",
            "".padding(toLength: 24, withPad: " ", startingAt: 0) + "   median ms      min ms     peak MB",
            row("LatentLab", times, peakMB),
        ]
        lines += peers.map { row("PyTorch " + $0.name, $0.times, $0.peakMB) }
        if let best {
            lines.append(
                String(format: "ratio to the best peer (%@): %.2f", best.name, median(times) / median(best.times)))
        }
        lines.append(
            String(
                format: "%.1f GFLOP/s, %.0f %% of a large product's %.0f GFLOP/s here; copies run at %.1f GB/s", gflops,
                100 * gflops / ceilingGflops, ceilingGflops, copyGBs))
        return (lines + notes.map { "note: " + $0 }).joined(separator: "\n")
    }
}

extension Benchmark.Report {
    /// Operations by time, per run. Time is summed over threads, and the share is of all operations' time.
    public var profileTable: String {
        let runs = Double(max(1, times.count))
        let all = profile.reduce(0) { $0 + $1.seconds }
        let shown = profile.prefix(40)
        let width = (shown.map { $0.operation.count + $0.detail.count }.max() ?? 0) + 2
        func line(_ name: String, _ cells: [String]) -> String {
            name.padding(toLength: width, withPad: " ", startingAt: 0)
                + cells.map { String(repeating: " ", count: max(1, 10 - $0.count)) + $0 }.joined()
        }
        var lines = [line("operation", ["calls", "ms", "share", "GFLOP/s", "GB/s"])]
        for row in shown {
            lines.append(
                line(
                    row.operation + " " + row.detail,
                    [
                        String(format: "%.0f", Double(row.calls) / runs), String(format: "%.2f", 1e3 * row.seconds / runs),
                        String(format: "%.1f %%", 100 * row.seconds / all),
                        row.flops > 0 ? String(format: "%.1f", row.flops / row.seconds / 1e9) : "",
                        String(format: "%.1f", row.bytes / row.seconds / 1e9),
                    ]))
        }
        let rest = profile.dropFirst(shown.count).reduce(0) { $0 + $1.seconds }
        if rest > 0 { lines.append(line("the rest", ["", String(format: "%.2f", 1e3 * rest / runs)])) }
        let wall = times.reduce(0, +) / runs
        lines.append(
            String(
                format: "operations take %.1f ms of the %.1f ms that %d threads have in a run", 1e3 * all / runs,
                wall * Double(threads), threads))
        return lines.joined(separator: "\n")
    }
}

extension Profile.Row {
    /// Means over `runs`.
    func json(runs: Int) -> JSON {
        let n = Double(max(1, runs))
        return .object([
            ("operation", JSON(operation)), ("detail", JSON(detail)), ("calls", JSON(Double(calls) / n)),
            ("ms", JSON(1e3 * seconds / n)), ("flops", JSON(flops / n)), ("bytes", JSON(bytes / n)),
        ])
    }
}
