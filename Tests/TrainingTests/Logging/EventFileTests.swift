import Foundation
import Testing
import Training

/// A folder that is gone after the test.
func withTemporaryFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
}

@Suite struct EventFileTests {
    private func bytes(_ path: String) -> [UInt8] { Array(FileManager.default.contents(atPath: path) ?? Data()) }

    private func scalars(_ folder: String, _ steps: ClosedRange<Int>, after step: Int) throws -> String {
        let file = try EventFile(folder: folder, after: step, clock: { 1_700_000_000.25 })
        for step in steps { try file.scalar("loss", Double(step), step: step) }
        try file.flush()
        return file.path
    }

    @Test func `every kind of record has the bytes that TensorBoard's own writer gives`() throws {
        let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Goldens/tensorboard/events.golden").path
        try withTemporaryFolder { folder in
            let file = try EventFile(folder: folder, clock: { 1_700_000_000.25 })
            try file.scalar("train/loss", 0.5, step: 1)
            try file.scalar("train/loss", 0, step: 2)
            let picture = Array(UInt8(0)..<200)
            try file.image("samples", png: picture + picture, width: 3, height: 2, step: 300)
            try file.audio("sound", wav: Array("RIFF".utf8), sampleRate: 22_050, frames: 4, step: 301)
            try file.text("notes", "**größer**", step: 302)
            try file.histogram("weights", ValueHistogram([-1, 0, 1, 2, 3], buckets: 4), step: 303)
            #expect(file.path.hasSuffix("/events.out.tfevents.1700000000.latentlab.0.0"))
            let expected = bytes(golden)
            #expect(expected.count > 700)
            #expect(bytes(file.path) == expected)
        }
    }

    @Test func `a resumed run has every step once, also after a torn record`() throws {
        try withTemporaryFolder { folder in
            let path = try scalars(folder, 1...4, after: 0)
            let whole = bytes(path)
            _ = try scalars(folder, 5...9, after: 4)
            let started = bytes(path).count
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try handle.truncate(atOffset: UInt64(started - 3))
            let again = try scalars(folder, 5...9, after: 4)
            #expect(again == path)
            #expect(bytes(path).count == started)
            #expect(Array(bytes(path).prefix(whole.count)) == whole)
        }
    }

    @Test func `a damaged record and all behind it are dropped on resume`() throws {
        try withTemporaryFolder { folder in
            let path = try scalars(folder, 1...3, after: 0)
            let three = bytes(path)
            _ = try scalars(folder, 4...6, after: 3)
            var damaged = bytes(path)
            damaged[three.count + 20] ^= 1
            try Data(damaged).write(to: URL(fileURLWithPath: path))
            _ = try EventFile(folder: folder, after: 9)
            #expect(Array(bytes(path).prefix(three.count)) == three)
            #expect(bytes(path).count < three.count + 40)
        }
    }

    @Test func `values that are not finite are counted apart in a histogram`() {
        let histogram = ValueHistogram([.nan, 2, 2, -.infinity], buckets: 8)
        #expect(histogram.nonFinite == 2)
        #expect(histogram.counts == [2])
        #expect(histogram.limits == [2])
        #expect(ValueHistogram([]).counts == [0])
    }
}
