import Foundation
import Tensors

/// What a run leaves behind: `resolved.yaml env.json log.jsonl samples/ checkpoints/ LATEST report.html`.
public struct RunFolder: Sendable {
    public let path: String
    private let claim: FolderClaim

    /// Throws where another process works in the folder.
    ///
    /// - Parameter isFresh: what the folder held is removed first.
    public init(_ path: String, isFresh: Bool = false) throws {
        self.path = path
        try Folder.create(path)
        claim = try FolderClaim(path)
        if isFresh { for name in Folder.names(in: path) { try Folder.remove(path + "/" + name) } }
        try Folder.create(checkpoints)
        try Folder.create(samples)
        sweep()
    }

    /// Removes what a run that was killed had half written.
    private func sweep() {
        for folder in [path, checkpoints, samples] {
            for name in Folder.names(in: folder) where name.hasPrefix(".incomplete-") || name.hasSuffix(".partial") {
                try? Folder.remove(folder + "/" + name)
            }
        }
    }

    /// Whether `path` may be emptied for a fresh run: it holds a run, or nothing.
    public static func mayReplace(_ path: String) -> Bool {
        !Folder.exists(path) || Folder.exists(path + "/resolved.yaml") || Folder.exists(path + "/checkpoints")
            || Folder.names(in: path).isEmpty
    }

    public var checkpoints: String { path + "/checkpoints" }
    public var samples: String { path + "/samples" }
    public var log: String { path + "/log.jsonl" }
    public var resolved: String { path + "/resolved.yaml" }
}

/// Folders, with errors a person can act on.
public enum Folder {
    public static func create(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw InputError("cannot make the folder", at: path, expected: "a place that can be written", found: reason(error))
        }
    }

    public static func remove(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw WorkError("\(path): cannot be removed: \(reason(error))")
        }
    }

    public static func rename(_ from: String, to: String) throws {
        guard Foundation.rename(from, to) == 0 else {
            throw WorkError("\(from): cannot be renamed to \(to): \(String(cString: strerror(errno)))")
        }
    }

    public static func removeIfEmpty(_ path: String) { rmdir(path) }

    public static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Names in the folder, sorted; none when it cannot be read.
    public static func names(in path: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    private static func reason(_ error: any Error) -> String {
        let cocoa = error as NSError
        if let posix = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError { return String(cString: strerror(Int32(posix.code))) }
        return cocoa.localizedDescription
    }
}
