import Foundation
import Systems
import Tensors

/// Where training starts: `init: {from, skip, rename}`.
struct StartingPoint {
    /// A model directory; nil to start from nothing.
    let from: String?
    /// How the names of tensors begin that are not taken over.
    let skipped: [String]
    /// How the names of tensors begin in that model, and how the same ones do here.
    let renamed: [String: String]

    init(_ section: Section) throws {
        from = try section.optionalPath("from")
        skipped = try section.strings("skip", default: [])
        let names = try section.section("rename")
        renamed = try Dictionary(uniqueKeysWithValues: names.keys.map { ($0, try names.string($0)) })
    }

    /// The model directory whose words go with the weights; nil where it has none, or what reads them is not taken over.
    var vocabulary: String? {
        guard let from, FileManager.default.fileExists(atPath: from + ModelDirectory.tokenizer) else { return nil }
        return skipped.contains { $0.hasPrefix("reader") } ? nil : from
    }

    /// Returns what was taken over, for people to read; nil where nothing was to be.
    func apply(to model: Module) throws -> String? {
        guard let from else { return nil }
        let report = try Weights.read(into: model, from: from + "/model.safetensors", skipping: skipped, renaming: renamed)
        let names = report.skipped.count > 8 ? skipped.map { $0 + "..." } : report.skipped
        let rest = report.skipped.isEmpty ? "" : ", \(report.skipped.count) not: \(names.joined(separator: ", "))"
        return "\(report.loaded.count) tensors are those of \(from)\(rest)"
    }
}
