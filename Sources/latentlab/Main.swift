import ArgumentParser
import Foundation
import LatentLab

@main
struct LatentLabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latentlab",
        abstract: "A latent-diffusion laboratory: pictures, sound and sentences through one engine.",
        version: Version.current,
        subcommands: [
            Demo.self, Train.self, Resume.self, Sample.self, Evaluate.self, Init.self, Export.self, Encode.self, Decode.self,
            Forward.self, Mel.self, Info.self, Data.self, Ablate.self, Bench.self, Checkup.self, Notebooks.self,
        ])

    /// Exit codes: 0 done, 1 failed while working, 2 bad input, 130 interrupted after a checkpoint.
    static func main() {
        Waiting.settle()
        // A failed write is an error we report, not a signal that ends us.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as InputError {
            finish(2, "\(error)")
        } catch let error as WorkError {
            finish(1, "\(error)")
        } catch let code as ExitCode {
            Foundation.exit(code.rawValue)
        } catch {
            guard exitCode(for: error).rawValue != 0 else { exit(withError: error) }
            // What ArgumentParser refuses is bad input; its usage text is a page that --help prints as well.
            let text = message(for: error).split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            finish(2, (text.isEmpty ? "\(error)" : text.joined(separator: " ")) + " (--help lists what there is)")
        }
    }

    private static func finish(_ code: Int32, _ message: String) -> Never {
        Console.error("latentlab: " + message)
        Foundation.exit(code)
    }
}

/// What goes to the person.
enum Console {
    static func error(_ text: String) { FileHandle.standardError.write(Foundation.Data((text + "\n").utf8)) }

    /// Standard output; a reader that has gone away, such as `head`, ends the program quietly.
    static func print(_ text: String) throws {
        var rest = Array((text + "\n").utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EPIPE {
                throw ExitCode(0)
            } else if errno != EINTR {
                throw WorkError("standard output: cannot be written: \(String(cString: strerror(errno)).lowercased())")
            }
        }
    }
}

/// Flags that many commands share.
struct MachineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Threads; all cores when left out.", valueName: "n")) var threads: Int?
    @Flag(help: "No progress bar.") var quiet = false

    func apply() throws {
        guard let threads else { return }
        guard (1...1024).contains(threads) else {
            throw InputError("no such number of threads", at: "--threads", expected: "1...1024", found: "\(threads)")
        }
        Compute.threads = threads
    }
}
