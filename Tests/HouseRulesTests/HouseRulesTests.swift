import Foundation
import Systems
import Testing

@Suite struct HouseRulesTests {
    private static let code = Repository.swift + Repository.tests + Repository.c

    @Test func `there is something to look at`() {
        #expect(Repository.swift.count > 100 && Repository.tests.count > 40 && Repository.c.count > 20)
        #expect(Repository.experiments.count >= 4 && Repository.documents.count >= 5)
    }

    @Test func `no file is longer than 400 lines`() {
        for file in Self.code { #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count - 1) lines") }
    }

    @Test func `targets import downwards only`() throws {
        let targets = try Repository.targets()
        #expect(targets.map(\.name).prefix(3) == ["COpenBLAS", "CDNNL", "CPNG"] && targets.count > 14)
        for (floor, target) in targets.enumerated() {
            let allowed = Set(targets[..<floor].map(\.name))
            let all = Set(targets.map(\.name))
            for file in Repository.swift + Repository.tests where file.path.hasPrefix(target.folder + "/") {
                for match in file.text.matches(of: #/(?m)^(?:@_exported |package |internal |public )*import (\w+)/#) {
                    let name = String(match.output.1)
                    #expect(!all.contains(name) || allowed.contains(name), "\(file.path) imports \(name)")
                }
            }
        }
    }

    /// Floor 3 knows no other part of floor 3, and the mathematics of diffusion knows no networks.
    @Test(arguments: ["Diffusion", "Metrics", "Media", "Networks"]) func `neighbours on a floor do not know each other`(
        name: String
    ) {
        let neighbours = Set(["Diffusion", "Metrics", "Media", "Networks"]).subtracting([name])
        for file in Repository.swift where file.path.hasPrefix("Sources/\(name)/") {
            for other in neighbours where file.lines.contains("import \(other)") {
                Issue.record("\(file.path) imports \(other)")
            }
        }
    }

    @Test func `every public type and protocol says what it is`() {
        let declaration = #/^public (?:indirect )?(?:final )?(?:struct|class|enum|protocol|actor|typealias) (\w+)/#
        for file in Repository.swift {
            let lines = file.lines
            for (i, line) in lines.enumerated() {
                guard let match = line.firstMatch(of: declaration) else { continue }
                var above = i - 1
                while above >= 0 && lines[above].hasPrefix("@") { above -= 1 }
                #expect(
                    above >= 0 && lines[above].hasPrefix("///"),
                    "\(file.path):\(i + 1): \(match.output.1) has no doc comment")
            }
        }
    }

    @Test func `nothing is left for later`() throws {
        // Put together, so that this file does not hold them.
        let words = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].joined(separator: "|")
        let mark = try Regex("\\b(?:\(words))\\b")
        for file in Self.code + Repository.documents + Repository.experiments {
            for (i, line) in file.lines.enumerated() where line.contains(mark) {
                Issue.record("\(file.path):\(i + 1): \(line)")
            }
        }
    }

    @Test func `nothing is named after nothing`() {
        for file in Self.code {
            let name = file.path.split(separator: "/").last ?? ""
            for word in ["Utils", "Helpers", "Misc", "Common"] { #expect(!name.contains(word), "\(file.path)") }
        }
    }

    @Test func `tests see what a user sees`() {
        let word = "@" + "testable"
        for file in Repository.tests where file.text.contains(word) { Issue.record("\(file.path)") }
    }

    @Test func `the package sets no unsafe flags`() throws {
        let text = try String(contentsOfFile: Repository.root + "/Package.swift", encoding: .utf8)
        #expect(!text.contains("unsafe" + "Flags"))
    }

    @Test func `every system is in the catalogue, once and by its own name`() {
        let names = Catalogue.systems.map { $0.name }
        #expect(Set(names).count == names.count)
        let declared = Repository.swift.filter { $0.path.hasPrefix("Sources/Systems/") }.flatMap { file in
            file.text.matches(of: #/final class (\w+): [^\{]*System/#).map { String($0.output.1) }
        }
        #expect(Set(declared) == Set(Catalogue.systems.map { "\($0)" }), "declared \(declared.sorted())")
    }

    @Test func `documents point at files that exist`() {
        for file in Repository.documents {
            let folder = file.path.split(separator: "/").dropLast().joined(separator: "/")
            let links = file.text.matches(of: #/\]\(([^)#:\s]+)\)/#).map { "\(folder)/\($0.output.1)" }
            let names = file.text.matches(of: #/`((?:Sources|Tests|Experiments|Notebooks-md)/[\w\-+./]+\.\w+)`/#).map {
                String($0.output.1)
            }
            for path in links + names where !path.hasSuffix("Assets/pictures/shapes.png") {
                // Pictures that a model has yet to draw are checked where they are made.
                if path.contains("figures/") { continue }
                #expect(
                    FileManager.default.fileExists(atPath: Repository.root + "/" + path),
                    "\(file.path) points at \(path)")
            }
        }
    }
}
