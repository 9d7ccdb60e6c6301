import Foundation
import Tensors
import Training

/// `report.html` of a run: what it was, its curves, its pictures.
enum RunReport {
    static func write(_ experiment: Experiment, in folder: RunFolder, step: Int) throws {
        let lines = try RunLog.lines(of: folder.log)
        var report = Report(title: experiment.name, subtitle: "step \(step) of \(experiment.steps)")
        report.add(
            .facts([
                ("system", type(of: experiment.system).name), ("parameters", "\(experiment.system.model.parameterCount)"),
                ("steps", "\(step)"), ("seed", "\(experiment.seed)"),
            ]))
        let pictures = Folder.names(in: folder.samples)
        let sheet = pictures.last { $0.hasSuffix(".png") && !$0.hasSuffix("-film.png") }
        if sheet != nil { report.add(.heading("Samples")) }
        for name in [sheet, pictures.last { $0.hasSuffix("-film.png") }].compactMap({ $0 }) {
            report.add(.picture(png: try AtomicFile.read(folder.samples + "/" + name), caption: name))
        }
        report.add(.heading("Curves"))
        var names: [String] = []
        for line in lines { for (key, _) in line.values where key != "step" && !names.contains(key) { names.append(key) } }
        for name in names {
            let points = RunLog.curve(name, in: lines).map { (Double($0.step), $0.value) }
            guard points.count > 1 else { continue }
            let positive = points.allSatisfy { $0.1 > 0 } && name.hasPrefix("loss")
            report.add(
                .chart(
                    LineChart(
                        title: name, xLabel: "step", yScale: positive ? .log : .linear,
                        series: [.init(name, points)], smoothing: 0.9
                    ).drawing))
        }
        report.add(.heading("Configuration"))
        report.add(.listing(try AtomicFile.readText(folder.resolved), caption: "resolved.yaml"))
        try AtomicFile.write(report.html, to: folder.path + "/report.html")
    }
}
