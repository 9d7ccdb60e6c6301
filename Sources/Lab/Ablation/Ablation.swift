import Systems
import Tensors
import Training

/// `latentlab ablate`: every case with every seed, each an ordinary run, measured alike.
///
/// A cell that is done is not done again, one that was interrupted goes on; cases that differ only below `eval` share their runs.
public struct Ablation {
    public struct Options: Sendable {
        public var folder: String?
        /// Only cases whose name contains this.
        public var only: String?
        public var isQuiet = false
        /// Where encoded latents are kept between runs.
        public var cache: String?

        public init() {}
    }

    public let file: AblationFile
    public let folder: String
    private let options: Options
    /// Name and fingerprint of the feature network, or fingerprint of the judge, where the metric asks one.
    private let lens: [String]
    private let say: (String) -> Void

    public init(_ file: AblationFile, _ options: Options, say: @escaping (String) -> Void) throws {
        self.file = file
        self.options = options
        self.say = say
        folder = options.folder ?? "runs/ablations/\(file.name)"
        // Every case must make sense before the first is trained.
        var medium = Medium.picture
        for one in file.cases {
            medium = try Experiment(ExperimentFile(path: one.base).setting(one.changes)).system.form.medium
            _ = try Self.request(one)
        }
        let looks = file.metric.name == "features" || file.metric.result == "feature-frechet"
        lens =
            looks
            ? [try FeatureView(file.metric.features, for: medium).label]
            : file.metric.name == "nll" ? [try Judge(file.metric.judge).fingerprint] : []
    }

    /// Nil when interrupted.
    public func run() throws -> AblationOutcome? {
        try Folder.create(folder + "/cells")
        var values: [[Measured]] = []
        let chosen = file.cases.filter { options.only.map($0.name.contains) ?? true }
        for (i, one) in chosen.enumerated() {
            var row: [Measured] = []
            for (j, seed) in file.seeds.enumerated() {
                let number = i * file.seeds.count + j + 1
                say("cell \(number) of \(chosen.count * file.seeds.count): \(one.name), seed \(seed)")
                guard let value = try cell(one, seed: seed) else { return nil }
                row.append(value)
            }
            values.append(row)
        }
        return AblationOutcome(file, cases: chosen.map(\.name), values: values)
    }

    /// What counts, and what is shown beside it.
    typealias Measured = (value: Double, beside: [Double])

    /// Trains where needed, measures where needed.
    private func cell(_ one: AblationFile.Case, seed: Int) throws -> Measured? {
        let experiment = try Experiment(ExperimentFile(path: one.base).setting(one.changes, ["seed=\(seed)"]))
        let asked = one.evaluation.sorted { $0.key < $1.key }.map { $0.key + "=" + $0.value.json() }
        let metric = file.metric
        var parts = [experiment.resolved.fingerprint(), Version.current, metric.name, metric.result ?? "", metric.split]
        if let data = metric.data { parts.append(data) }
        let key = SHA256.hex(Array((parts + ["\(metric.count)"] + lens + asked + metric.beside).joined(separator: "\n").utf8))
        let record = folder + "/cells/\(Self.plain(one.name))-seed-\(seed).json"
        if let known = try? JSON.read(record), known["key"]?.string == key, let value = known["value"]?.number {
            return (value, metric.beside.map { known["beside"]?[$0]?.number ?? .nan })
        }

        let bases = Set(file.cases.map(\.base)).count > 1 ? [String(one.base.split(separator: "/").last ?? "")] : []
        var training = TrainingRun.Options()
        training.folder = folder + "/runs/\(Self.plain((bases + one.assignments).joined(separator: ",")))-seed-\(seed)"
        training.isQuiet = options.isQuiet
        training.cache = options.cache
        let run = try TrainingRun(experiment, training, say: { _ in })
        guard try run.run() == .finished else { return nil }
        let began = monotonicSeconds()
        let found = try measured(one, experiment, run, seed: seed)
        let json = JSON.object([
            ("case", JSON(one.name)), ("seed", JSON(seed)), ("key", JSON(key)), ("value", JSON(found.value)),
            ("beside", .object(zip(metric.beside, found.beside).map { ($0, JSON($1)) })),
            ("evaluation_seconds", JSON(monotonicSeconds() - began)),
        ])
        try AtomicFile.write(json.encoded(pretty: true) + "\n", to: record)
        return found
    }

    private func measured(
        _ one: AblationFile.Case, _ experiment: Experiment, _ run: TrainingRun, seed: Int
    ) throws -> Measured {
        if file.metric.name == "loss" {
            let curve = RunLog.curve("loss", in: try RunLog.lines(of: run.folder.log))
            let losses = curve.filter { $0.step > experiment.steps * 9 / 10 }
            guard !losses.isEmpty else { throw WorkError("\(run.folder.log): no loss in the last tenth of the run") }
            return (losses.reduce(0) { $0 + $1.value } / Double(losses.count), [])
        }
        var data = file.metric.data
        for key in ["kind", "task"] where data == nil || data == "task" {
            if case .string(let kind)? = experiment.resolved.value(at: "data.train.\(key)")?.content { data = kind }
        }
        let evaluation = Evaluation(
            model: run.folder.path + "/model", data: data, split: file.metric.split, count: file.metric.count, seed: seed,
            request: try Self.request(one), grid: nil, network: file.metric.features, judge: file.metric.judge,
            quiet: options.isQuiet)
        let results = try evaluation.run([file.metric.name])
        func result(_ name: String, _ key: String) throws -> Double {
            guard let found = results.first(where: { $0.name == name }) else {
                throw InputError("no such result", at: key, expected: results.map(\.name).joined(separator: ", "), found: name)
            }
            return found.value
        }
        return (
            try result(file.metric.result ?? results[0].name, "metric.result"),
            try file.metric.beside.map { try result($0, "metric.beside") }
        )
    }

    private static func request(_ one: AblationFile.Case) throws -> SampleRequest {
        var request = SampleRequest()
        let entries = one.evaluation.map { ConfigurationValue.Entry($0.key, at: $0.value.place, $0.value) }
        let section = try Section(ConfigurationValue(.map(entries)), keyPath: "eval")
        request.steps = try section.optionalInt("steps", in: 1...10_000)
        request.guidance = try section.optionalNumber("cfg_scale", in: -100...100)
        request.sampler = try section.optionalString("sampler")
        request.truncation = try section.optionalNumber("truncation", in: 0...1)
        request.candidates = try section.optionalInt("candidates", in: 1...1000)
        request.temperature = try section.optionalNumber("temperature", in: 0.01...100)
        request.batch = 16
        return request
    }

    /// A name that can stand in a path, told apart from others by a few digits where something was lost.
    private static func plain(_ name: String) -> String {
        let kept = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "_" }.prefix(60))
        if kept == name && !name.isEmpty { return name }
        return (kept.isEmpty ? "base" : kept) + "-" + SHA256.hex(Array(name.utf8)).prefix(6)
    }
}
