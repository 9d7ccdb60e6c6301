import ArgumentParser
import LatentLab

struct Checkup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "What this machine and installation are, and whether they work. Exit code 1 when not.")

    @Flag(help: "One JSON object.") var json = false
    @OptionGroup var machine: MachineOptions

    func run() throws {
        try machine.apply()
        let findings = Doctor().findings()
        let isBroken = findings.contains { $0.verdict == .broken }
        if json {
            try Console.print(
                JSON.object([("healthy", .bool(!isBroken)), ("findings", .array(findings.map(\.json)))]).encoded())
        } else {
            let width = findings.map(\.name.count).max()! + 2
            for finding in findings {
                let mark = finding.verdict == .broken ? "  BROKEN  " : ""
                try Console.print(
                    finding.name + String(repeating: " ", count: width - finding.name.count) + mark + finding.text)
            }
        }
        if isBroken { throw ExitCode(1) }
    }
}
