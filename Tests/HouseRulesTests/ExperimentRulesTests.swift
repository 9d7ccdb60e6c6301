import Foundation
import Lab
import Media
import Systems
import Tensors
import Testing

/// Every experiment builds: keys, values, data and the systems they name.
@Suite struct ExperimentRulesTests {
    @Test(arguments: Repository.experiments) func `every experiment parses and builds`(file: Repository.File) throws {
        let path = Repository.root + "/" + file.path
        let experiment = try Self.built(path)
        #expect(experiment.system.module.parameterCount >= 0)
        #expect(experiment.dataset.count > 0)
        _ = try experiment.dataset.example(0, epoch: 0)
    }

    @Test(arguments: Repository.ablations) func `every case of every ablation builds`(file: Repository.File) throws {
        let ablation = try AblationFile(path: Repository.root + "/" + file.path)
        #expect(file.path.hasSuffix("/\(ablation.name).yaml"))
        guard ["nll", "speed"].contains(ablation.metric.name) else {
            _ = try Ablation(ablation, .init(), say: { _ in })
            return
        }
        // What is made of data and codecs that scripts and other experiments make first, and so may be a judge.
        if let judge = ablation.metric.judge { _ = try Self.maker(of: judge) }
        for one in ablation.cases { _ = try Self.built(one.base, one.changes) }
    }

    @Test(arguments: Repository.experiments + Repository.ablations)
    func `every experiment says how to run it`(file: Repository.File) {
        #expect(file.text.hasPrefix("# latentlab "), "\(file.path)")
        #expect(file.lines.prefix(2).last?.hasPrefix("# ") == true, "\(file.path) does not say what it is for")
    }

    @Test func `names of experiments are their own`() throws {
        let names = try Repository.experiments.map { file in
            try ExperimentFile(path: Repository.root + "/" + file.path).section().string("name")
        }
        #expect(Set(names).count == names.count, "\(names)")
    }

    /// Stands in for sounds or sentences that a script beside the experiment makes.
    private static let made = Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("made-" + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Sound(rate: 22_050, samples: [Float](repeating: 0.1, count: 22_050)).write(to: folder + "/one.wav")
        for part in ["train", "held-out"] {
            try "one sentence\nand another\n".write(toFile: "\(folder)/\(part).txt", atomically: true, encoding: .utf8)
        }
        return folder
    }

    /// Data that are not there yet are stood in for, if a script makes them: those in `data/NAME` by `make-NAME.sh` beside the
    /// experiment.
    private static func changes(of path: String, _ changes: [ConfigurationValue.Entry] = []) throws -> [String] {
        let data = try ExperimentFile(path: path).setting(changes).section().section("data")
        guard let folder = try data.section("train").optionalPath("path"), !FileManager.default.fileExists(atPath: folder)
        else { return [] }
        let made = try #require(folder.split(separator: "/").drop { $0 != "data" }.dropFirst().first)
        let beside = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        #expect(FileManager.default.fileExists(atPath: "\(beside)/make-\(made).sh"), "nothing makes the data of \(path)")
        return ["data.train.path=" + (try Self.made.get())]
    }

    /// A model to build on that has not been trained yet is made with random weights from the experiment of its name.
    private static func built(_ path: String, _ changes: [ConfigurationValue.Entry] = []) throws -> Experiment {
        let standIns = try Self.changes(of: path, changes)
        let file = try ExperimentFile(path: path).setting(changes, standIns)
        var folders: [String] = []
        defer { for folder in folders { try? FileManager.default.removeItem(atPath: folder) } }
        var models: [String] = []
        for (section, key) in [("codec", "from"), ("init", "from"), ("model", "from"), ("sample", "judge")] {
            guard let from = try file.section().section(section).optionalPath(key),
                !FileManager.default.fileExists(atPath: from + "/config.json")
            else { continue }
            let maker = try maker(of: from)
            folders.append(FileManager.default.temporaryDirectory.appendingPathComponent("model-" + UUID().uuidString).path)
            try InitialModel(try ExperimentFile(path: maker, set: try Self.changes(of: maker)), seed: 0).write(to: folders.last!)
            models.append("\(section).\(key)=" + folders.last!)
        }
        return try Experiment(try file.setting([], models))
    }

    /// The experiment that makes a model, which is named by the last part of its path or the one before `/model`.
    private static func maker(of path: String) throws -> String {
        let parts = path.split(separator: "/")
        let name = try #require(parts.last == "model" ? parts.dropLast().last : parts.last)
        return try #require(
            try Repository.experiments.map { Repository.root + "/" + $0.path }.first {
                try ExperimentFile(path: $0).section().string("name") == name
            }, "no experiment makes \(name)")
    }
}
