import Foundation
import Tensors

/// Times a workload, interleaved with PyTorch's versions of it, beside the machine's own ceilings in the same run.
public struct Benchmark {
    /// The report's fields are `contract.md`'s.
    public struct Report: Sendable {
        public var name: String
        public var precision: Precision
        public var threads: Int
        public var times: [Double]
        public var peakMB: Double
        public var flops, bytes: Double
        public var ceilingGflops, copyGBs: Double
        public var peers: [Peer] = []
        public var notes: [String] = []
        /// Of all runs; empty unless `Profile.isWanted`.
        public var profile: [Profile.Row] = []

        public struct Peer: Sendable {
            public var name: String
            public var times: [Double]
            public var peakMB: Double
        }

        public var best: Peer? { peers.min { median($0.times) < median($1.times) } }
        public var gflops: Double { flops / median(times) / 1e6 }

        public var json: JSON {
            var fields: [(key: String, value: JSON)] = [
                ("name", JSON(name)), ("precision", JSON(precision.rawValue)), ("threads", JSON(threads)),
                ("runs", JSON(times.count)), ("median_ms", JSON(median(times))), ("min_ms", JSON(times.min() ?? 0)),
                ("peak_mb", JSON(peakMB)), ("flops", JSON(flops)), ("bytes", JSON(bytes)),
                ("ceiling_gflops", JSON(ceilingGflops)), ("copy_gbs", JSON(copyGBs)),
            ]
            if let best {
                fields += [
                    ("peer_median_ms", JSON(median(best.times))), ("peer_best", JSON(best.name)),
                    ("peer_peak_mb", JSON(best.peakMB)), ("ratio", JSON(median(times) / median(best.times))),
                ]
            }
            if !profile.isEmpty { fields.append(("profile", .array(profile.map { $0.json(runs: times.count) }))) }
            return .object(fields)
        }
    }

    public var runs = 7
    /// What to run beside ours; none for ours alone.
    public var peers = PeerKind.allCases
    /// Folder of `peer.py`.
    public var scripts = "Experiments/benchmarks"

    /// A way to run PyTorch.
    public enum PeerKind: String, Sendable, CaseIterable {
        case eagerF32 = "eager-f32"
        case compiledF32 = "compile-f32"
        case eagerBF16 = "eager-bf16"
        case compiledBF16 = "compile-bf16"

        var mode: String { String(rawValue.prefix { $0 != "-" }) }
        var dtype: String { String(rawValue.drop { $0 != "-" }.dropFirst()) }
    }

    public init() {}

    public func callAsFunction(
        _ workload: Workload, precision: Precision, progress: (String) -> Void = { _ in }
    ) throws -> Report {
        var notes: [String] = []
        var used = precision
        if precision == .bf16 && !Compute.hasBF16 {
            notes.append("this processor does not multiply bf16 in hardware: f32 instead")
            used = .f32
        }
        let step = workload.prepare(used)
        step()
        step()
        let peers = started(workload, &notes, progress)
        var report = Report(
            name: workload.name, precision: used, threads: Compute.threads, times: [], peakMB: 0, flops: workload.flops,
            bytes: workload.bytes, ceilingGflops: 0, copyGBs: 0)
        report.peers = peers.map { Report.Peer(name: "\($0.mode) \($0.dtype)", times: [], peakMB: 0) }
        Profile.reset()
        for run in 0..<runs {
            progress("run \(run + 1) of \(runs)")
            settle()
            let begun = ContinuousClock.now
            step()
            report.times.append((ContinuousClock.now - begun).milliseconds)
            for (i, peer) in peers.enumerated() {
                settle()
                report.peers[i].times.append(try peer.step())
            }
        }
        report.profile = Profile.rows
        report.peakMB = residentPeakMB()
        for (i, peer) in peers.enumerated() { report.peers[i].peakMB = peer.peakMB }
        report.ceilingGflops = Ceilings.gemm(used)
        report.copyGBs = Ceilings.copy()
        report.notes = notes
        return report
    }

    private func started(_ workload: Workload, _ notes: inout [String], _ progress: (String) -> Void) -> [BenchmarkPeer] {
        let python = ProcessInfo.processInfo.environment["LATENTLAB_PEER_PYTHON"] ?? "python3"
        var peers: [BenchmarkPeer] = []
        for kind in self.peers {
            progress("starting PyTorch (\(kind.mode), \(kind.dtype))")
            do {
                peers.append(
                    try BenchmarkPeer(
                        python: python, script: scripts + "/peer.py", workload: workload.name, mode: kind.mode, dtype: kind.dtype,
                        threads: Compute.threads))
            } catch { notes.append("\(error)") }
        }
        return peers
    }

    /// Lets the threads of whoever worked last stop waiting for more work, which would take a core from whoever is next.
    private func settle() { Thread.sleep(forTimeInterval: peers.isEmpty ? 0 : 0.2) }

    /// Most memory this process has held.
    private func residentPeakMB() -> Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first).flatMap { Double($0) }.map {
            $0 / 1024
        } ?? 0
    }
}

/// What the machine can do at best, measured now.
enum Ceilings {
    /// GFLOP/s of a large product.
    static func gemm(_ precision: Precision) -> Double {
        let (m, n, k) = (2048, 1536, 384)
        let a = Noise(seed: 1).normal([m, k]).cast(to: precision == .bf16 ? .bf16 : .f32)
        let b = Noise(seed: 2).normal([n, k])
        return 2 * Double(m * n * k) / best(12) { _ = withPrecision(precision) { linear(a, b) } } / 1e6
    }

    /// GB/s of copying, read and write counted.
    static func copy() -> Double {
        let x = Tensor.zeros([1 << 25])
        let y = Tensor.ones([1 << 25])
        return 2 * 4 * Double(x.count) / best(8) { backend.copy(x, into: y, accumulating: false) } / 1e6
    }

    private static func best(_ runs: Int, _ body: () -> Void) -> Double {
        (0..<runs).map { _ in
            let begun = ContinuousClock.now
            body()
            return (ContinuousClock.now - begun).milliseconds
        }.min()!
    }
}

extension Duration {
    var milliseconds: Double { Double(components.seconds) * 1e3 + Double(components.attoseconds) / 1e15 }
}

/// The middle value; the mean of the two middle ones when even.
func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let sorted = values.sorted()
    let half = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}
