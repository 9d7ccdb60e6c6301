import Foundation
import Testing

/// The built program, run as a person would.
struct Program {
    struct Result {
        var code: Int32
        /// True when a signal ended it; `code` is then the signal.
        var wasKilled: Bool
        var output: String
        var errors: String
    }

    /// Beside the test bundle.
    static let path: String = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        for start in [own, CommandLine.arguments[0]] {
            var folder = URL(fileURLWithPath: start)
            for _ in 0..<6 {
                folder.deleteLastPathComponent()
                for name in ["latentlab", ".build/release/latentlab"] {
                    let candidate = folder.appendingPathComponent(name).path
                    var isFolder: ObjCBool = false
                    if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
                        return candidate
                    }
                }
            }
        }
        return FileManager.default.currentDirectoryPath + "/.build/release/latentlab"
    }()

    /// Runs to the end, in `folder`, with `environment` added to ours.
    @discardableResult
    static func run(
        _ arguments: [String], in folder: String, environment: [String: String] = [:], fileLimit: Int? = nil
    ) throws -> Result {
        try start(arguments, in: folder, environment: environment, fileLimit: fileLimit).finish()
    }

    /// Runs and expects success.
    @discardableResult
    static func succeed(_ arguments: [String], in folder: String, environment: [String: String] = [:]) throws -> String {
        let result = try run(arguments, in: folder, environment: environment)
        try #require(result.code == 0 && !result.wasKilled, "\(arguments): \(result.code) \(result.errors)")
        return result.output
    }

    /// - Parameter fileLimit: largest file in blocks of 512 bytes; a write beyond it fails as on a full disk.
    static func start(
        _ arguments: [String], in folder: String, environment: [String: String] = [:], fileLimit: Int? = nil
    ) throws -> Running {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: fileLimit == nil ? path : "/bin/sh")
        process.arguments =
            fileLimit.map { ["-c", "ulimit -f \($0); exec \"$0\" \"$@\"", path] + arguments } ?? arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (out, err) = ("\(folder)/.output-\(UUID().uuidString)", "\(folder)/.errors-\(UUID().uuidString)")
        for file in [out, err] { try Data().write(to: URL(fileURLWithPath: file)) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: out)
        process.standardError = FileHandle(forWritingAtPath: err)
        try process.run()
        return Running(process: process, out: out, err: err)
    }

    struct Running {
        let process: Process
        let out, err: String

        func finish() throws -> Result {
            process.waitUntilExit()
            defer { for file in [out, err] { try? FileManager.default.removeItem(atPath: file) } }
            return Result(
                code: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal,
                output: try String(contentsOfFile: out, encoding: .utf8), errors: try String(contentsOfFile: err, encoding: .utf8)
            )
        }

        /// Waits until `path` exists, then so many microseconds more, and sends the signal.
        func signal(_ number: Int32, once path: String, after microseconds: Int) {
            while process.isRunning && !FileManager.default.fileExists(atPath: path) { usleep(500) }
            usleep(UInt32(microseconds))
            if process.isRunning { kill(process.processIdentifier, number) }
        }
    }
}

/// A folder that is removed with the object.
final class Workplace: Sendable {
    let path: String

    init() {
        var template = Array((NSTemporaryDirectory() + "latentlab-command-XXXXXX").utf8CString)
        path = String(cString: mkdtemp(&template))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    }

    func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")) }

    /// Every file below `folder` by its relative path.
    func files(_ folder: String) throws -> [String: Data] {
        let root = "\(path)/\(folder)"
        var files: [String: Data] = [:]
        for case let name as String in FileManager.default.enumerator(atPath: root) ?? .init() {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: "\(root)/\(name)", isDirectory: &isFolder), !isFolder.boolValue {
                files[name] = try bytes("\(folder)/\(name)")
            }
        }
        return files
    }

    /// Half-written things that were left lying about.
    func leftovers(in folder: String = ".") throws -> [String] {
        try files(folder).keys.filter { $0.contains(".partial") || $0.contains(".incomplete") }.sorted()
    }
}
