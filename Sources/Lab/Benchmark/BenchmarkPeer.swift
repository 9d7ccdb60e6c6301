import Foundation
import Tensors

/// A Python process that does the same work, one step for each line "run" it is sent.
package final class BenchmarkPeer {
    /// In the environment: names of the settings there that are the command line's own choice, with spaces between.
    package static let waitingMarker = "LATENTLAB_WAITING"

    let mode: String
    let dtype: String
    private(set) var peakMB = 0.0
    private let process: Foundation.Process
    private let input: FileHandle
    private let output: FileHandle
    private var pending: [UInt8] = []

    /// Starts `peer.py WORKLOAD` and waits until it is warm. Throws what the peer said when it cannot.
    init(python: String, script: String, workload: String, mode: String, dtype: String, threads: Int) throws {
        self.mode = mode
        self.dtype = dtype
        process = Foundation.Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            python, script, workload, "--mode", mode, "--dtype", dtype, "--threads", "\(threads)", "--interleave",
        ]
        // What the command line set for itself must not slow or speed the peer.
        var environment = ProcessInfo.processInfo.environment
        for name in environment.removeValue(forKey: Self.waitingMarker)?.split(separator: " ") ?? [] {
            environment[String(name)] = nil
        }
        process.environment = environment
        let (to, from) = (Pipe(), Pipe())
        process.standardInput = to
        process.standardOutput = from
        process.standardError = FileHandle.nullDevice
        input = to.fileHandleForWriting
        output = from.fileHandleForReading
        try process.run()
        let first = try Self.line(output, &pending)
        guard first["ready"]?.bool == true else {
            process.terminate()
            throw WorkError("the peer (\(mode), \(dtype)) did not start: \(first["error"]?.string ?? first.encoded())")
        }
        peakMB = first["peak_rss_mb"]?.number ?? 0
    }

    deinit {
        try? input.write(contentsOf: Data("quit\n".utf8))
        try? input.close()
        process.waitUntilExit()
    }

    /// Milliseconds of one step.
    func step() throws -> Double {
        try input.write(contentsOf: Data("run\n".utf8))
        let record = try Self.line(output, &pending)
        guard let ms = record["ms"]?.number else {
            throw WorkError("the peer (\(mode), \(dtype)) failed: \(record["error"]?.string ?? record.encoded())")
        }
        peakMB = record["peak_rss_mb"]?.number ?? peakMB
        return ms
    }

    private static func line(_ handle: FileHandle, _ pending: inout [UInt8]) throws -> JSON {
        while true {
            if let end = pending.firstIndex(of: 10) {
                let line = Array(pending[..<end])
                pending.removeSubrange(...end)
                if line.first == UInt8(ascii: "{") { return try JSON.parse(line, file: "the peer's answer") }
                continue
            }
            let data = handle.availableData
            if data.isEmpty { return .object([("error", "it ended without an answer")]) }
            pending += data
        }
    }
}
