import Glibc
import Media
import Tensors
import Training

/// The numbers of an ablation, and what they say of its claim at two standard errors.
public struct AblationOutcome: Sendable {
    public struct Row: Sendable {
        public let name: String
        /// One value for each seed.
        public let values: [Double]
        public let mean: Double
        /// Twice the standard error of the mean; 0 with one seed.
        public let spread: Double

        init(_ name: String, _ values: [Double]) {
            self.name = name
            self.values = values
            mean = values.reduce(0, +) / Double(values.count)
            spread = 2 * standardError(values)
        }
    }

    public struct Verdict: Sendable {
        public let holds: Bool
        /// One sentence.
        public let text: String
    }

    public let file: AblationFile
    public let rows: [Row]
    /// Nil without a claim, or where its cases were left out.
    public let verdict: Verdict?

    public init(_ file: AblationFile, cases: [String], values: [[Double]]) {
        self.file = file
        rows = zip(cases, values).map { Row($0, $1) }
        verdict = file.claim.flatMap { [rows] in Self.verdict($0, file.metric.isHigherBetter, rows) }
    }

    /// `beats`: better by more than two standard errors of the differences seed by seed. `matches`: the means differ by no more
    /// than two standard errors of their difference.
    private static func verdict(_ claim: AblationFile.Claim, _ isHigherBetter: Bool, _ rows: [Row]) -> Verdict? {
        func row(_ name: String) -> Row? { rows.first { $0.name == name } }
        guard let a = row(claim.subject), let b = row(claim.other) else { return nil }
        let differences = zip(a.values, b.values).map { ($0 - $1) * (isHigherBetter ? 1 : -1) }
        let mean = differences.reduce(0, +) / Double(differences.count)
        let holds: Bool
        let margin: Double
        switch claim.relation {
        case .beats:
            margin = 2 * standardError(differences)
            holds = differences.count > 1 && mean > margin
        case .matches:
            margin = (a.spread * a.spread + b.spread * b.spread).squareRoot()
            holds = abs(mean) <= margin
        }
        let sentence =
            "\(claim.subject) \(claim.relation.rawValue) \(claim.other): \(holds ? "holds" : "does not hold here"); it is "
            + "\(fixed(abs(mean), decimals: 4)) \(mean < 0 ? "worse" : "better"), two standard errors are "
            + fixed(margin, decimals: 4)
        return Verdict(holds: holds, text: sentence)
    }

    // MARK: - Reports

    /// Markdown: the table, the plot, the verdict.
    public var report: String {
        let metric = file.metric
        let of = metric.name == "loss" ? "" : ", \(metric.count) of \(metric.split)"
        var lines = ["# \(file.name)", ""]
        if let notes = file.notes { lines += [notes, ""] }
        lines += [
            "\(metric.result ?? metric.name)\(of), \(metric.isHigherBetter ? "higher" : "lower") is better; seeds "
                + file.seeds.map(String.init).joined(separator: ", ") + ".", "",
            "| case | mean | two standard errors | each seed |", "| --- | --- | --- | --- |",
        ]
        for row in rows {
            let each = row.values.map { fixed($0, decimals: 4) }.joined(separator: ", ")
            lines.append(
                "| \(row.name) | \(fixed(row.mean, decimals: 4)) | \(fixed(row.spread, decimals: 4)) | \(each) |")
        }
        lines += ["", "![\(file.name)](plot.png)"]
        if let verdict { lines += ["", "**\(verdict.text).**"] }
        return lines.joined(separator: "\n") + "\n"
    }

    public var plot: Drawing {
        BarChart(
            title: file.name, valueLabel: file.metric.result ?? file.metric.name, categories: rows.map(\.name),
            series: [.init(file.metric.name, rows.map(\.mean), spread: rows.map(\.spread))]
        ).drawing
    }

    public var json: JSON {
        .object([
            ("name", JSON(file.name)), ("metric", JSON(file.metric.result ?? file.metric.name)),
            ("seeds", .array(file.seeds.map { JSON($0) })),
            (
                "cases",
                .array(
                    rows.map { row in
                        .object([
                            ("name", JSON(row.name)), ("mean", JSON(row.mean)), ("two_standard_errors", JSON(row.spread)),
                            ("values", .array(row.values.map { JSON($0) })),
                        ])
                    })
            ), ("holds", verdict.map { .bool($0.holds) } ?? .null), ("verdict", verdict.map { JSON($0.text) } ?? .null),
        ])
    }

    /// `report.md`, `plot.png` and `result.json`.
    public func write(to folder: String) throws {
        try Folder.create(folder)
        try AtomicFile.write(plot.picture(scale: 2).png(text: [("ablation", file.name)]), to: folder + "/plot.png")
        try AtomicFile.write(json.encoded(pretty: true) + "\n", to: folder + "/result.json")
        try AtomicFile.write(report, to: folder + "/report.md")
    }
}

/// Of the mean; 0 for a single value.
private func standardError(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    return (variance / Double(values.count)).squareRoot()
}
