import Foundation

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
