import Foundation
import Testing

/// The files of the package, read as text.
enum Repository {
    static let root = #filePath.replacingOccurrences(of: "/Tests/HouseRulesTests/Repository.swift", with: "")

    struct File: Sendable, CustomTestStringConvertible {
        /// From the top of the repository.
        let path: String
        let text: String
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        var testDescription: String { path }
    }

    /// Files below `folder` whose names end so, by path.
    static func files(_ folder: String, _ endings: [String]) -> [File] {
        let names = FileManager.default.enumerator(atPath: root + "/" + folder)?.compactMap { $0 as? String } ?? []
        return names.sorted().filter { name in endings.contains { name.hasSuffix($0) } }.compactMap { name in
            (try? String(contentsOfFile: "\(root)/\(folder)/\(name)", encoding: .utf8)).map {
                File(path: folder + "/" + name, text: $0)
            }
        }
    }

    static let swift = files("Sources", [".swift"])
    static let tests = files("Tests", [".swift"])
    static let c = files("Sources", [".c", ".h"])
    static let experiments = files("Experiments", [".yaml"]).filter { !$0.path.contains("/ablations/") }
    static let ablations = files("Experiments/ablations", [".yaml"])
    static let documents =
        files("Notebooks-md", [".md"]) + files(".", [".md"]).filter { !$0.path.dropFirst(2).contains("/") }

    /// Targets in the order of Package.swift, with their folders: a floor stands below the ones that follow it.
    static func targets() throws -> [(name: String, folder: String)] {
        let text = try String(contentsOfFile: root + "/Package.swift", encoding: .utf8)
        return text.matches(
            of: #/\.(?:target|executableTarget|systemLibrary)\(\s*name: "([^"]+)"(?:[^\n]|\n(?!        \.))*/#
        ).map { match in
            let name = String(match.output.1)
            let path = match.output.0.firstMatch(of: #/path: "([^"]+)"/#).map { String($0.output.1) }
            return (name, path ?? "Sources/" + name)
        }
    }
}
