import Foundation
import Media
import Testing

/// Files that tests read, and folders that they fill.
enum Fixtures {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let emoji = root + "/Assets/datasets/emoji"

    static func path(_ name: String) -> String { root + "/Tests/Goldens/media/" + name }

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }

    /// Calls `body` with a new folder and removes it afterwards.
    static func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "/media-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    static func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
}

/// Every sample within `levels` of what is expected; names the worst one otherwise.
func expectClose(
    _ samples: [UInt8], _ expected: [UInt8], levels: Int, sourceLocation: SourceLocation = #_sourceLocation
) {
    guard samples.count == expected.count else {
        Issue.record("\(samples.count) samples, expected \(expected.count)", sourceLocation: sourceLocation)
        return
    }
    let worst = samples.indices.max {
        abs(Int(samples[$0]) - Int(expected[$0])) < abs(Int(samples[$1]) - Int(expected[$1]))
    }
    if let i = worst, abs(Int(samples[i]) - Int(expected[i])) > levels {
        Issue.record(
            "sample \(i) is \(samples[i]), expected \(expected[i]) +- \(levels)",
            sourceLocation: sourceLocation)
    }
}
