import Foundation
import Testing

/// The tutorials of Notebooks-md do what they say; their slow blocks are left to `make notebooks`.
@Suite struct TutorialTests {
    private static let project = #filePath.replacingOccurrences(of: "/Tests/CommandTests/TutorialTests.swift", with: "")

    @Test(arguments: ["01-two-dimensional-toy", "02-training-a-codec", "03-text-to-image"])
    func `the text agrees with its commands`(name: String) throws {
        let result = try Program.run(
            ["notebook", "Notebooks-md/\(name).md", "--fast", "--project", Self.project], in: Self.project)
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output == "Notebooks-md/\(name).md: as it says\n")
    }

    @Test func `every tutorial is checked`() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.project + "/Notebooks-md").filter {
            $0.hasSuffix(".md")
        }
        #expect(files.sorted() == ["01-two-dimensional-toy.md", "02-training-a-codec.md", "03-text-to-image.md"])
    }
}
