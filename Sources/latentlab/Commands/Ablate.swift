import ArgumentParser
import LatentLab

struct Ablate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run an experiment in several variants and seeds, and say whether a claim holds. The same command resumes.")

    @Argument(help: "An ablation file.") var file: String
    @Option(help: "Where cells and runs are kept; runs/ablations/NAME when left out.") var runDir: String?
    @Option(help: "Where the table, the plot and the result go; the run folder when left out.") var out: String?
    @Option(help: "Only cases whose name contains this.") var only: String?
    @Option(help: "Where encoded latents are kept between runs.") var cache: String?
    @Flag(help: "Print the result as JSON.") var json = false
    @OptionGroup var machine: MachineOptions

    func run() throws {
        try machine.apply()
        var options = Ablation.Options()
        options.folder = runDir
        options.only = only
        options.cache = cache
        options.isQuiet = machine.quiet
        let ablation = try Ablation(try AblationFile(path: file), options, say: Console.error)
        guard let outcome = try ablation.run() else { throw ExitCode(130) }
        try outcome.write(to: out ?? ablation.folder)
        try Console.print(json ? outcome.json.encoded() : outcome.report)
    }
}
