import Foundation
import Lab
import Tensors
import Testing

@Suite struct NotebookTests {
    private func message(_ text: String) -> String {
        do { _ = try Notebook(text: text, path: "n.md") } catch { return "\(error)" }
        return "no error"
    }

    /// Runs a notebook in a project made of the given files; returns its differences and its text afterwards.
    private func outcome(
        _ text: String, files: [String: String] = [:], updates: Bool = false, isFast: Bool = false
    ) throws -> (differences: [String], text: String, said: [String]) {
        let project = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: project) }
        for (name, text) in files.merging(["notes/n.md": text], uniquingKeysWith: { $1 }) {
            let path = project + "/" + name
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        var options = NotebookRun.Options(program: project + "/bin", project: project)
        (options.updates, options.isFast) = (updates, isFast)
        var said: [String] = []
        let path = project + "/notes/n.md"
        let differences = try NotebookRun(try Notebook(path: path), options) { said.append($0) }.run()
        return (
            differences.map { $0.description.replacingOccurrences(of: path, with: "n.md") },
            try String(contentsOfFile: path, encoding: .utf8), said
        )
    }

    @Test func `blocks are told apart by their fences`() throws {
        let notebook = try Notebook(
            text: """
                # Title
                ```sh
                not run
                ```
                ![a](figures/a.png) and ![b](https://example.org/b.png)
                ```sh run slow needs=m exit=2 timeout=7
                one
                two
                ```
                ```output
                three
                ```
                ````
                ```sh run
                inside another block
                ```
                ````
                ```swift from=A.swift#name
                let x = 1
                ```
                """, path: "n.md")
        #expect(
            notebook.blocks == [
                .figure("figures/a.png"),
                .command(.init(text: "one\ntwo", line: 6, isSlow: true, needs: "m", exit: 2, timeout: 7)),
                .output(text: "three", lines: 10..<11),
                .excerpt(path: "A.swift", name: "name", text: "let x = 1", lines: 18..<19),
            ])
    }

    @Test func `what is not understood is refused with its line`() {
        #expect(message("a\n```sh run\nx").contains("n.md:2: a block is not closed"))
        #expect(message("```sh run quick\n```").contains("n.md:1: unknown word on a fence"))
        #expect(message("```sh run exit=300\n```").contains("no such exit code"))
        #expect(message("```sh run timeout=0\n```").contains("no such time"))
        #expect(message("\n```output\n```").contains("n.md:2: an output without its commands"))
        #expect(message("```swift from=A.swift\n```").contains("expected from=PATH#NAME"))
    }

    @Test func `outputs are compared, dots stand for anything`() throws {
        func differs(_ printed: String, _ expected: String) throws -> Bool {
            let text = "```sh run\nprintf '\(printed)'\n```\n```output\n\(expected)\n```\n"
            return try !outcome(text).differences.isEmpty
        }
        #expect(try !differs("a b\\n", "a b"))
        #expect(try differs("a c\\n", "a b"))
        #expect(try differs("a\\nb\\n", "a"))
        #expect(try differs("a\\n", "a\nb"))
        #expect(try !differs("a 0.123 of 4\\n", "a ... of 4"))
        #expect(try differs("a 0.123 of 5\\n", "a ... of 4"))
        #expect(try !differs("a\\nx\\ny\\nb\\n", "a\n...\nb"))
        #expect(try !differs("a\\nb\\n", "a\n...\nb"))
        #expect(try differs("a\\nx\\n", "a\n...\nb"))
        #expect(try !differs("1 x 2 y 3\\n", "1 ... 2 ... 3"))
        #expect(try differs("1 x 3\\n", "1 ... 2 ... 3"))
    }

    @Test func `commands share a folder, and a failure says its line and last word`() throws {
        #expect(
            try outcome("```sh run\necho 5 > x\n```\n```sh run\ncat x\n```\n```output\n5\n```\n").differences.isEmpty)
        #expect(
            try outcome("text\n```sh run\necho why >&2; false\necho not reached\n```\n").differences
                == ["n.md:2: ended with 1 instead of 0: why"])
        #expect(try outcome("```sh run exit=3\nexit 3\n```\n").differences.isEmpty)
        #expect(
            try outcome("```sh run timeout=1\nsleep 30\n```\n").differences == ["n.md:1: took longer than 1 seconds"])
    }

    @Test func `slow blocks and missing models are skipped with a word`() throws {
        let text =
            "```sh run needs=nobody\nfalse\n```\n```output\nx\n```\n```sh run slow\necho 1\n```\n```output\n2\n```\n"
        let fast = try outcome(text, isFast: true)
        #expect(fast.differences.isEmpty)
        #expect(fast.said.count == 2 && fast.said[0].contains("the model 'nobody' is not there"), "\(fast.said)")
        #expect(try outcome(text).differences == ["n.md:10: expected '2', found '1'"])
    }

    @Test func `excerpts are those of the file, and an update brings everything up to date`() throws {
        let source = "struct A {\n    // part\n    let x = 1\n\n      let y = 2\n    // end part\n}\n"
        let text =
            "```swift from=A.swift#part\nlet x = 0\n```\n```sh run\necho new; echo lines\n```\n```output\nold\n```\nend\n"
        let files = ["A.swift": source]
        #expect(try outcome(text, files: files).differences.count == 2)
        let updated = try outcome(text, files: files, updates: true)
        #expect(updated.differences.isEmpty)
        #expect(
            updated.text
                == "```swift from=A.swift#part\nlet x = 1\n\n  let y = 2\n```\n```sh run\necho new; echo lines\n```\n"
                + "```output\nnew\nlines\n```\nend\n")
        #expect(try outcome(updated.text, files: files).differences.isEmpty)
        #expect(throws: InputError.self) { try outcome("```swift from=A.swift#other\n```", files: files) }
    }

    @Test func `figures must be made by the commands`() throws {
        #expect(try outcome("![x](figures/x.png)\n").differences == ["n.md:1: shows figures/x.png, which is not there"])
    }
}
