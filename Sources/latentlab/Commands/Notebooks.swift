import ArgumentParser
import Foundation
import LatentLab

struct Notebooks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notebook",
        abstract: "Run the commands of Markdown tutorials and check what the text says they print and draw.")

    @Argument(help: "Markdown files.") var files: [String]
    @Flag(help: "Write what was found into the files instead of checking.") var update = false
    @Flag(help: "Leave out blocks that are marked slow.") var fast = false
    @Option(help: "The project's top, with Experiments and Assets.") var project = "."

    func run() throws {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        var options = NotebookRun.Options(
            program: URL(fileURLWithPath: program).deletingLastPathComponent().path,
            project: URL(fileURLWithPath: project).standardizedFileURL.path)
        options.updates = update
        options.isFast = fast
        var count = 0
        for file in files {
            let differences = try NotebookRun(Notebook(path: file), options, say: Console.error).run()
            for difference in differences { Console.error("\(difference)") }
            count += differences.count
            try Console.print("\(file): \(differences.isEmpty ? "as it says" : "\(differences.count) differences")")
        }
        if count > 0 {
            throw WorkError("\(count) differences; 'latentlab notebook --update' takes over what was found")
        }
    }
}
