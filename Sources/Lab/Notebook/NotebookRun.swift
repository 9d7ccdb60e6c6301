import Foundation
import Media
import Tensors
import Training

/// Runs the commands of a notebook in a folder of its own and compares what they print, draw and quote with the text.
///
/// `Experiments` and `Assets` of the project are there under those names, so commands read as they do at the project's top.
public final class NotebookRun {
    public struct Options: Sendable {
        /// Writes found outputs, excerpts and figures into the notebook instead of comparing.
        public var updates = false
        /// Leaves out blocks that are marked slow.
        public var isFast = false
        /// Folder of the program `latentlab`.
        public var program: String
        /// The project's top, where excerpts and `Experiments` are.
        public var project: String

        public init(program: String, project: String) {
            self.program = program
            self.project = project
        }
    }

    /// What is not as the notebook says, with the line of its fence.
    public struct Difference: Sendable, CustomStringConvertible {
        public let line: Int
        public let what: String
        public let path: String
        public var description: String { "\(path):\(line): \(what)" }
    }

    private let notebook: Notebook
    private let options: Options
    private let say: (String) -> Void
    private let folder: String
    private var replacements: [(lines: Range<Int>, text: String)] = []
    private var differences: [Difference] = []

    public init(_ notebook: Notebook, _ options: Options, say: @escaping (String) -> Void = { _ in }) {
        self.notebook = notebook
        self.options = options
        self.say = say
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("notebook-" + UUID().uuidString).path
    }

    /// Empty when everything is as the notebook says, or has been made so.
    public func run() throws -> [Difference] {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder + "/figures", withIntermediateDirectories: true)
        for name in ["Experiments", "Assets"] {
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/" + name, withDestinationPath: options.project + "/" + name)
        }
        var printed: String?
        var isComplete = true
        for block in notebook.blocks {
            switch block {
            case .command(let command):
                printed = nil
                if let reason = reasonToSkip(command) {
                    say("\(notebook.path):\(command.line): skipped, \(reason)")
                    isComplete = false
                } else {
                    printed = try run(command)
                    // What follows would only repeat the complaint.
                    if printed == nil { return differences }
                }
            case .output(let text, let lines):
                guard let printed else { continue }
                let found = printed.replacingOccurrences(of: folder, with: ".")
                guard let mismatch = OutputPattern(text).mismatch(with: found) else { continue }
                if options.updates {
                    replacements.append((lines, found))
                } else {
                    differ(lines.lowerBound, mismatch)
                }
            case .excerpt(let path, let name, let text, let lines):
                let current = try excerpt(path, name, at: lines.lowerBound)
                guard current != text else { continue }
                if options.updates {
                    replacements.append((lines, current))
                } else {
                    differ(lines.lowerBound, "is not what \(path) says under '\(name)'")
                }
            case .figure: continue
            }
        }
        try figures(isComplete: isComplete)
        if options.updates && !replacements.isEmpty { try rewrite() }
        return differences
    }

    private func differ(_ line: Int, _ what: String) {
        differences.append(Difference(line: line, what: what, path: notebook.path))
    }

    private func reasonToSkip(_ command: Notebook.Command) -> String? {
        if let model = command.needs,
            !Assets.shelves.contains(where: { shelf in
                FileManager.default.fileExists(atPath: "\(options.project)/Assets/\(shelf)/\(model)/config.json")
            })
        {
            return "the model '\(model)' is not there"
        }
        return command.isSlow && options.isFast ? "slow" : nil
    }

    /// Standard output; nil when the commands failed.
    private func run(_ command: Notebook.Command) throws -> String? {
        let result = try Shell.run(
            command.text, in: folder, timeout: command.timeout,
            environment: [
                "PATH": options.program + ":/usr/local/bin:/usr/bin:/bin",
                "LATENTLAB_ASSETS": options.project + "/Assets",
            ])
        if result.isTimedOut {
            differ(command.line, "took longer than \(command.timeout) seconds")
        } else if result.status != command.exit {
            let last = result.error.split(separator: "\n").last.map(String.init) ?? "nothing said"
            differ(command.line, "ended with \(result.status) instead of \(command.exit): \(last)")
        } else {
            return result.output
        }
        return nil
    }

    /// Lines between `// NAME` and `// end NAME`, moved to the left edge.
    private func excerpt(_ path: String, _ name: String, at line: Int) throws -> String {
        let source = try AtomicFile.readText(options.project + "/" + path).split(
            separator: "\n", omittingEmptySubsequences: false)
        func index(_ mark: String) -> Int? { source.firstIndex { $0.drop { $0 == " " } == mark } }
        guard let start = index("// " + name), let end = index("// end " + name), start < end else {
            throw InputError(
                "no such excerpt", at: "\(notebook.path):\(line)",
                expected: "lines '// \(name)' and '// end \(name)' in \(path)")
        }
        let inside = source[(start + 1)..<end]
        let indent = inside.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        return inside.map { $0.dropFirst(indent) }.joined(separator: "\n")
    }

    /// Figures that the commands made: stored beside the notebook, or of the size of the stored ones.
    private func figures(isComplete: Bool) throws {
        let home = (notebook.path as NSString).deletingLastPathComponent
        for case .figure(let name) in notebook.blocks {
            let (made, stored) = (folder + "/" + name, (home.isEmpty ? "." : home) + "/" + name)
            let isMade = FileManager.default.fileExists(atPath: made)
            if options.updates && isMade {
                try Folder.create((stored as NSString).deletingLastPathComponent)
                try AtomicFile.write(try AtomicFile.read(made), to: stored)
            }
            guard FileManager.default.fileExists(atPath: stored) else {
                if isMade || isComplete { differ(1, "shows \(name), which is not there") }
                continue
            }
            guard isMade else {
                if isComplete { differ(1, "shows \(name), which its commands did not make") }
                continue
            }
            let (a, b) = (try Picture.read(made), try Picture.read(stored))
            if a.width != b.width || a.height != b.height {
                differ(1, "\(name) is \(b.width)x\(b.height), its commands make \(a.width)x\(a.height)")
            }
        }
    }

    private func rewrite() throws {
        var lines = notebook.lines
        for (range, text) in replacements.sorted(by: { $0.lines.lowerBound > $1.lines.lowerBound }) {
            var fresh = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            while fresh.last == "" { fresh.removeLast() }
            lines.replaceSubrange(range, with: fresh)
        }
        try AtomicFile.write(lines.joined(separator: "\n"), to: notebook.path)
    }
}
