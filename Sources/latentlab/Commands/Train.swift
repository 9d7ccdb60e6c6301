import ArgumentParser
import LatentLab

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train what an experiment file describes. The same command in the same folder resumes.")

    @Argument(help: "An experiment file.") var experiment: String
    @Option(name: .customLong("set"), help: ArgumentHelp("Change a leaf of the file; may be repeated.", valueName: "key=value"))
    var assignments: [String] = []
    @Option(help: "Where the run leaves what it makes; runs/NAME when left out.") var runDir: String?
    @Option(help: "Stop after so many steps of this session, with a checkpoint.") var maxSteps: Int?
    @Option(help: "Where encoded latents are kept between runs.") var cache: String?
    @Flag(help: "Start over in a folder that holds a run.") var fresh = false
    @Flag(name: [.customShort("n"), .long], help: "Print the resolved configuration and sizes, and stop.") var dryRun = false
    @OptionGroup var machine: MachineOptions

    func run() throws {
        try machine.apply()
        if let maxSteps, maxSteps < 1 {
            throw InputError("no such number of steps", at: "--max-steps", expected: "1 or more", found: "\(maxSteps)")
        }
        let experiment = try Experiment(try ExperimentFile(path: experiment, set: assignments))
        if dryRun {
            try Console.print(experiment.resolved.yaml())
            Console.error("parameters: \(experiment.system.model.parameterCount)")
            return
        }
        var options = TrainingRun.Options()
        options.folder = runDir
        options.isFresh = fresh
        options.maxSteps = maxSteps
        options.isQuiet = machine.quiet
        options.cache = cache
        try TrainingRun(experiment, options, say: Console.error).finishing()
    }
}

struct Resume: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Go on with a run, from its newest whole checkpoint.")

    @Argument(help: ArgumentHelp("A run folder.", valueName: "run")) var folder: String
    @Option(name: .customLong("set"), help: ArgumentHelp("Change a leaf of the configuration.", valueName: "key=value"))
    var assignments: [String] = []
    @Option(help: "The step to go on from.") var from: Int?
    @Option(help: "Stop after so many steps of this session, with a checkpoint.") var maxSteps: Int?
    @Option(help: "Where encoded latents are kept between runs.") var cache: String?
    @OptionGroup var machine: MachineOptions

    func run() throws {
        try machine.apply()
        let experiment = try Experiment(try ExperimentFile(path: folder + "/resolved.yaml", set: assignments))
        var options = TrainingRun.Options()
        options.folder = folder
        options.maxSteps = maxSteps
        options.allowsChange = !assignments.isEmpty
        options.from = from
        options.isQuiet = machine.quiet
        options.cache = cache
        try TrainingRun(experiment, options, say: Console.error).finishing()
    }
}

extension TrainingRun {
    fileprivate func finishing() throws {
        if try run() == .interrupted { throw ExitCode(130) }
    }
}
