import Foundation
import Testing

/// The tutorials of Notebooks-md do what they say; their slow blocks are left to `make notebooks`.
@Suite struct TutorialTests {
    private static let project = #filePath.replacingOccurrences(of: "/Tests/CommandTests/TutorialTests.swift", with: "")
    private static let names = ((try? FileManager.default.contentsOfDirectory(atPath: project + "/Notebooks-md")) ?? [])
        .filter { $0.hasSuffix(".md") }.sorted()

    @Test(arguments: names)
    func `the text agrees with its commands`(name: String) throws {
        let result = try Program.run(["notebook", "Notebooks-md/\(name)", "--fast", "--project", Self.project], in: Self.project)
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output == "Notebooks-md/\(name): as it says\n")
    }

    @Test func `there are tutorials to check`() { #expect(Self.names.count >= 3) }
}
