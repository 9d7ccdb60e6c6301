import ArgumentParser
import LatentLab

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Time a workload in turns with PyTorch. 'bench list' names the workloads.")

    @Argument(help: "A workload, or 'list'.") var name: String
    @Option(help: "auto, f32 or bf16; auto is bf16 where the processor multiplies it in hardware.") var precision = "auto"
    @Option(help: "Timed runs.") var runs = 7
    @Flag(inversion: .prefixedNo, help: "Also time PyTorch, with $LATENTLAB_PEER_PYTHON or python3.") var peer = true
    @Option(
        name: .customLong("peers"),
        help: ArgumentHelp(
            "Only this way of PyTorch: eager-f32, compile-f32, eager-bf16 or compile-bf16; may be repeated.", valueName: "kind"))
    var kinds: [String] = []
    @Flag(help: "No peer; instead a table of what each operation takes.") var profile = false
    @Flag(help: "One JSON object.") var json = false
    @OptionGroup var machine: MachineOptions

    func run() throws {
        try machine.apply()
        Profile.isWanted = profile
        guard (1...10_000).contains(runs) else {
            throw InputError("out of range", at: "--runs", expected: "1 to 10000", found: "\(runs)")
        }
        let wanted = try Precision(option: precision)
        if name == "list" {
            let all = Workload.all
            if json {
                try Console.print(
                    JSON.array(all.map { .object([("name", JSON($0.name)), ("summary", JSON($0.summary))]) }).encoded())
            } else {
                let width = all.map(\.name.count).max()! + 2
                for workload in all {
                    try Console.print(
                        workload.name + String(repeating: " ", count: width - workload.name.count) + workload.summary)
                }
            }
            return
        }
        let workload = try Workload.named(name)
        var benchmark = Benchmark()
        benchmark.runs = runs
        if !peer || profile {
            benchmark.peers = []
        } else if !kinds.isEmpty {
            benchmark.peers = try kinds.map { try choice($0, "--peers") }
        }
        benchmark.scripts = Assets.beside("Experiments/benchmarks")
        let report = try benchmark(workload, precision: wanted) { if !machine.quiet { Console.error($0) } }
        if json { for note in report.notes { Console.error("note: " + note) } }
        try Console.print(json ? report.json.encoded() : report.table)
        if profile && !json { try Console.print("\n" + report.profileTable) }
    }
}
