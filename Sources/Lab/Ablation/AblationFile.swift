import Systems
import Tensors

/// What an ablation file says: one experiment, how it is varied, what is measured, and what is claimed.
///
///     version: 1
///     name: precision
///     base: ../shapes/tokens-small.yaml
///     cases: {f32: {train.precision: f32}, bf16: {train.precision: bf16}}
///     seeds: [1, 2, 3]
///     metric: {name: alignment, count: 1000}
///     claim: {case: bf16, matches: f32}
///
/// Instead of `cases`, `grid` takes every combination of lists of values, and `zip` the first of each, the second of each, and so
/// on. Keys are those of `--set`; keys below `eval` change what is asked of the trained model, not the model; `base` of a case is an
/// experiment of its own. `claim` may be a list.
public struct AblationFile: Sendable {
    public struct Case: Sendable, Equatable {
        public let name: String
        /// The experiment that is changed.
        public let base: String
        /// What is different from the base, by dotted keys. Paths are seen from the folder of the ablation file.
        public let changes: [ConfigurationValue.Entry]
        /// What sampling is told besides, by the names of `latentlab eval`.
        public let evaluation: [String: ConfigurationValue]

        /// The same, `a.b=value`.
        public var assignments: [String] { changes.map { $0.key + "=" + $0.value.json() } }
    }

    public struct Metric: Sendable {
        /// A metric of `latentlab eval`, or `loss`: the mean over the last tenth of training.
        public let name: String
        /// Which of its results, where it has several.
        public let result: String?
        /// More of its results, which are shown and decide nothing.
        public let beside: [String]
        public let split: String
        public let count: Int
        public let isHigherBetter: Bool
        /// Another data set than the experiment's own, by the names of `latentlab eval --data`; one with a / is a path.
        public let data: String?
        /// The feature network, where the metric looks through one and not through the one that ships.
        public let features: String?
        /// The model that says how likely sentences are, where the metric asks one.
        public let judge: String?
    }

    public struct Claim: Sendable {
        public enum Relation: String, Sendable { case beats, matches }

        public let subject: String
        public let relation: Relation
        public let other: String
    }

    public let name: String
    public let cases: [Case]
    public let seeds: [Int]
    public let metric: Metric
    public let claims: [Claim]
    public let notes: String?

    public init(path: String) throws {
        let section = try Section(try YAMLReader.parse(try AtomicFile.readText(path), file: path))
        _ = try section.int("version", default: 1, in: 1...1)
        name = try section.string("name")
        guard !name.isEmpty, !name.contains("/") else { throw section.error("name", "cannot name a folder", found: "'\(name)'") }
        cases = try Self.cases(section)
        seeds = try section.seeds("seeds", default: [0])
        guard !seeds.isEmpty, Set(seeds).count == seeds.count else {
            throw section.error("seeds", "is empty or repeats itself", expected: "different seeds")
        }
        let metric = try section.section("metric")
        let name = try metric.choice("name", among: Evaluation.metrics + ["loss"])
        let result = try metric.optionalString("result")
        self.metric = Metric(
            name: name, result: result, beside: try metric.strings("beside", default: []),
            split: try metric.string("split", default: "held-out"),
            count: try metric.int("count", default: 400, in: 1...1_000_000),
            isHigherBetter: try metric.bool("higher_is_better", default: Evaluation.isHigherBetter(name, result)),
            data: try metric.optionalString("data").map { $0.contains("/") ? try metric.path("data") : $0 },
            features: try metric.optionalPath("features"),
            judge: try metric.optionalPath("judge"))
        guard self.metric.beside.isEmpty || name != "loss" else {
            throw metric.error("beside", "has nothing to show of the loss", expected: "another metric")
        }
        let names = cases.map(\.name)
        claims = try section.sections("claim").map { try Self.claim($0, among: names) }
        notes = try section.optionalString("notes")
        try section.finish()
    }

    private static func claim(_ section: Section, among names: [String]) throws -> Claim {
        let subject = try section.choice("case", among: names)
        let relation: Claim.Relation = section.has("matches") ? .matches : .beats
        return Claim(subject: subject, relation: relation, other: try section.choice(relation.rawValue, among: names))
    }

    // MARK: - Cases

    private static func cases(_ section: Section) throws -> [Case] {
        let base = try section.optionalPath("base")
        let ways = ["cases", "grid", "zip"].filter { section.has($0) }
        guard ways.count == 1, let way = ways.first, let value = section.value(way) else {
            throw section.error(
                "cases", "says in no way or in several how the experiment is varied", expected: "one of cases, grid and zip",
                found: ways.joined(separator: ", "))
        }
        guard case .map(let entries) = value.content, !entries.isEmpty else {
            throw section.error(way, "is no map of keys", found: value.shown)
        }
        if way == "cases" {
            return try entries.map { entry in
                guard case .map(let changes) = entry.value.content else {
                    throw section.error(way, "'\(entry.key)' is no map of changes", found: entry.value.shown)
                }
                return try make(entry.key, changes, base, section, way)
            }
        }
        let axes = try entries.map { entry in
            guard case .list(let values) = entry.value.content, !values.isEmpty else {
                throw section.error(way, "'\(entry.key)' is no list of values", found: entry.value.shown)
            }
            return values.map { ConfigurationValue.Entry(entry.key, at: entry.keyPlace, $0) }
        }
        let rows: [[ConfigurationValue.Entry]]
        if way == "zip" {
            guard Set(axes.map(\.count)).count == 1 else {
                throw section.error(
                    way, "has lists of different lengths", found: axes.map { "\($0[0].key): \($0.count)" }.joined(separator: ", ")
                )
            }
            rows = axes[0].indices.map { i in axes.map { $0[i] } }
        } else {
            rows = axes.reduce([[]]) { rows, axis in rows.flatMap { row in axis.map { row + [$0] } } }
        }
        return try rows.map { row in
            let name = row.map { "\($0.key.split(separator: ".").last ?? "") \($0.value.json())" }.joined(separator: ", ")
            return try make(name, row, base, section, way)
        }
    }

    private static let evaluationKeys = ["steps", "cfg_scale", "sampler", "truncation", "temperature", "candidates"]

    private static func make(
        _ name: String, _ entries: [ConfigurationValue.Entry], _ base: String?, _ section: Section, _ way: String
    ) throws -> Case {
        let own = try Section(ConfigurationValue(.map(entries.filter { $0.key == "base" })), keyPath: "\(way).\(name)")
        guard let base = try own.optionalPath("base") ?? base else {
            throw own.error("base", "is missing", expected: "an experiment, of this case or of all")
        }
        var changes: [ConfigurationValue.Entry] = []
        var evaluation: [String: ConfigurationValue] = [:]
        for entry in entries where entry.key != "base" {
            guard entry.key.hasPrefix("eval.") else {
                changes.append(entry)
                continue
            }
            let known = String(entry.key.dropFirst("eval.".count))
            guard evaluationKeys.contains(known) else {
                throw section.error(
                    way, "'\(name)' has an unknown key", expected: evaluationKeys.map { "eval." + $0 }.joined(separator: ", "),
                    found: "'\(entry.key)'")
            }
            evaluation[known] = entry.value
        }
        return Case(name: name, base: base, changes: changes, evaluation: evaluation)
    }
}
