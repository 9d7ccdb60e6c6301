import Foundation
import Tensors

/// Commands run by bash, with what they printed.
enum Shell {
    struct Result {
        let status: Int32
        let output: String
        let error: String
        let isTimedOut: Bool
    }

    /// Stops at the first command that fails. What a command leaves running when its time is over is ended with it.
    static func run(_ text: String, in folder: String, timeout: Int, environment: [String: String]) throws -> Result {
        let process = Process()
        // A group of its own, so that the time limit reaches what the commands started.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
        process.arguments = ["--signal=KILL", "\(timeout)", "/bin/bash", "-euo", "pipefail", "-c", text]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Files and not pipes: nothing can fill up, whatever is printed.
        let (output, error) = (folder + "/.output", folder + "/.error")
        for path in [output, error] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        guard let outputHandle = FileHandle(forWritingAtPath: output),
            let errorHandle = FileHandle(forWritingAtPath: error)
        else {
            throw WorkError("\(folder): cannot be written")
        }
        process.standardOutput = outputHandle
        process.standardError = errorHandle
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch { throw WorkError("bash: cannot be run: \(error.localizedDescription)") }
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: try AtomicFile.readText(output),
            error: try AtomicFile.readText(error),
            isTimedOut: process.terminationReason == .uncaughtSignal || process.terminationStatus == 128 + SIGKILL)
    }
}
