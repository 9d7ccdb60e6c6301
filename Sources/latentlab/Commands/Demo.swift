import ArgumentParser
import LatentLab

struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Pictures, sounds and sentences by the shipped models.")

    @Option(help: "A folder for what is made.") var out = "demo"
    @OptionGroup var machine: MachineOptions

    func run() throws {
        try machine.apply()
        for line in try Demonstration(out: out, quiet: machine.quiet).run() { try Console.print(line) }
    }
}
