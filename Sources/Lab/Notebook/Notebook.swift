import Tensors

/// A tutorial in Markdown whose commands, outputs and excerpts of code are checked.
///
/// Fences say what is done with a block:
///
///     ```sh run [slow] [needs=MODEL] [exit=CODE] [timeout=SECONDS]     commands, run by bash one after another
///     ```output                                                        what the block above printed
///     ```swift from=PATH#NAME                                          lines of a file between `// NAME` and `// end NAME`
///
/// Other blocks are left alone.
public struct Notebook: Sendable {
    public enum Block: Sendable, Equatable {
        case command(Command)
        case output(text: String, lines: Range<Int>)
        case excerpt(path: String, name: String, text: String, lines: Range<Int>)
        /// A picture shown by the text, beside which it is stored.
        case figure(String)
    }

    public struct Command: Sendable, Equatable {
        public var text: String
        /// Where the fence stands, from 1.
        public var line: Int
        public var isSlow = false
        /// A shipped model without which the block is skipped.
        public var needs: String?
        public var exit: Int32 = 0
        public var timeout = 120

        public init(
            text: String, line: Int, isSlow: Bool = false, needs: String? = nil, exit: Int32 = 0, timeout: Int = 120
        ) {
            (self.text, self.line, self.isSlow, self.needs, self.exit, self.timeout) = (
                text, line, isSlow, needs, exit, timeout
            )
        }
    }

    public let path: String
    public let lines: [String]
    public let blocks: [Block]

    public init(path: String) throws {
        try self.init(text: try AtomicFile.readText(path), path: path)
    }

    public init(text: String, path: String) throws {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        blocks = try Self.blocks(lines, path)
    }

    private static func blocks(_ lines: [String], _ path: String) throws -> [Block] {
        var blocks: [Block] = []
        var i = 0
        while i < lines.count {
            guard lines[i].hasPrefix("```") else {
                blocks += figures(lines[i]).map(Block.figure)
                i += 1
                continue
            }
            let fence = String(lines[i].prefix { $0 == "`" })
            guard let end = lines[(i + 1)...].firstIndex(where: { $0 == fence }) else {
                throw InputError("a block is not closed", at: "\(path):\(i + 1)", expected: fence)
            }
            let words = lines[i].dropFirst(fence.count).split(separator: " ").map(String.init)
            let inside = i + 1..<end
            let text = lines[inside].joined(separator: "\n")
            switch words.first {
            case "sh" where words.contains("run"):
                blocks.append(
                    .command(try command(words.filter { $0 != "sh" && $0 != "run" }, text, "\(path):\(i + 1)", i + 1)))
            case "output":
                guard case .command? = blocks.last else {
                    throw InputError(
                        "an output without its commands", at: "\(path):\(i + 1)", expected: "a block ```sh run above it"
                    )
                }
                blocks.append(.output(text: text, lines: inside))
            case "swift" where words.count > 1:
                blocks.append(try excerpt(words.dropFirst().joined(separator: " "), text, inside, "\(path):\(i + 1)"))
            default: break
            }
            i = end + 1
        }
        return blocks
    }

    private static func command(_ words: [String], _ text: String, _ place: String, _ line: Int) throws -> Command {
        var command = Command(text: text, line: line)
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            switch (parts[0], parts.count) {
            case ("slow", 1): command.isSlow = true
            case ("needs", 2): command.needs = parts[1]
            case ("exit", 2):
                guard let code = Int32(parts[1]), (0...255).contains(code) else {
                    throw InputError("no such exit code", at: place, expected: "0...255", found: parts[1])
                }
                command.exit = code
            case ("timeout", 2):
                guard let seconds = Int(parts[1]), seconds > 0 else {
                    throw InputError("no such time", at: place, expected: "seconds above 0", found: parts[1])
                }
                command.timeout = seconds
            default:
                throw InputError(
                    "unknown word on a fence", at: place, expected: "slow, needs=MODEL, exit=CODE or timeout=SECONDS",
                    found: word)
            }
        }
        return command
    }

    private static func excerpt(_ word: String, _ text: String, _ lines: Range<Int>, _ place: String) throws -> Block {
        let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
        let target = parts.count == 2 && parts[0] == "from" ? parts[1].split(separator: "#").map(String.init) : []
        guard target.count == 2 else {
            throw InputError("an excerpt that is not understood", at: place, expected: "from=PATH#NAME", found: word)
        }
        return .excerpt(path: target[0], name: target[1], text: text, lines: lines)
    }

    /// Targets of `![...](target)` within the folder of the notebook.
    private static func figures(_ line: String) -> [String] {
        line.matches(of: #/!\[[^\]]*\]\(([^):]+)\)/#).map { String($0.output.1) }
    }
}
