import Glibc
import Media
import Tensors
import Training

/// The numbers of an ablation, and what they say of its claims at two standard errors.
public struct AblationOutcome: Sendable {
    public struct Row: Sendable {
        public let name: String
        /// One value for each seed.
        public let values: [Double]
        public let mean: Double
        /// Twice the standard error of the mean; 0 with one seed.
        public let spread: Double
        /// The mean of each result that is shown beside.
        public let beside: [Double]

        init(_ name: String, _ measured: [Ablation.Measured]) {
            self.name = name
            values = measured.map(\.value)
            beside = (measured.first?.beside ?? []).indices.map { i in
                measured.reduce(0) { $0 + $1.beside[i] } / Double(measured.count)
            }
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
    /// Of the claims whose cases were not left out.
    public let verdicts: [Verdict]

    init(_ file: AblationFile, cases: [String], values: [[Ablation.Measured]]) {
        self.file = file
        rows = zip(cases, values).map { Row($0, $1) }
        verdicts = file.claims.compactMap { [rows] in Self.verdict($0, file.metric.isHigherBetter, rows) }
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
            "| case | mean | two standard errors | each seed |" + metric.beside.map { " \($0) |" }.joined(),
            "| --- | --- | --- | --- |" + metric.beside.map { _ in " --- |" }.joined(),
        ]
        for row in rows {
            let each = row.values.map { fixed($0, decimals: 4) }.joined(separator: ", ")
            lines.append(
                "| \(row.name) | \(fixed(row.mean, decimals: 4)) | \(fixed(row.spread, decimals: 4)) | \(each) |"
                    + row.beside.map { " \(fixed($0, decimals: 4)) |" }.joined())
        }
        lines += ["", "![\(file.name)](plot.png)"]
        for verdict in verdicts { lines += ["", "**\(verdict.text).**"] }
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
                            ("beside", .object(zip(file.metric.beside, row.beside).map { ($0, JSON($1)) })),
                        ])
                    })
            ), ("holds", verdicts.isEmpty ? .null : .bool(verdicts.allSatisfy(\.holds))),
            ("verdict", verdicts.isEmpty ? .null : JSON(verdicts.map(\.text).joined(separator: "; "))),
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
