import Foundation
import LatentLab
import Testing

/// `latentlab ablate`: cells that are done stay done, cases that only ask differently share a model, numbers judge the claim.
@Suite struct AblationTests {
    private let text = """
        version: 1
        name: tiny
        base: dit.yaml
        cases:
          short: {train.steps: 3}
          long: {train.steps: 9}
          long, one step: {train.steps: 9, eval.steps: 1}
        seeds: [1, 2]
        metric: {name: loss}
        claim: {case: long, beats: short}
        """

    private func json(_ place: Workplace, _ extra: [String] = []) throws -> [String: Any] {
        let out = try Program.succeed(
            ["ablate", "tiny.yaml", "--quiet", "--json", "--run-dir", "ablation", "--out", "found"] + extra, in: place.path)
        return try #require(try JSONSerialization.jsonObject(with: Data(out.utf8)) as? [String: Any])
    }

    @Test func `cells are trained once, tabulated and judged`() throws {
        let place = try Tiny.trained()
        try place.write(text, to: "tiny.yaml")
        let result = try json(place)
        let cases = try #require(result["cases"] as? [[String: Any]])
        #expect(cases.map { $0["name"] as? String } == ["short", "long", "long, one step"])
        let values = cases.compactMap { $0["values"] as? [Double] }
        #expect(values.count == 3 && values[1] == values[2] && values[0].count == 2 && values[0] != values[1])
        let difference = zip(values[0], values[1]).map { $0 - $1 }
        let mean = (difference[0] + difference[1]) / 2
        #expect(result["holds"] as? Bool == (mean > abs(difference[0] - difference[1])))
        let runs = try FileManager.default.contentsOfDirectory(atPath: place.path + "/ablation/runs").filter { $0 != ".cache" }
        #expect(runs.count == 4, "\(runs)")
        let report = try String(contentsOfFile: place.path + "/found/report.md", encoding: .utf8)
        #expect(report.contains("| long, one step |") && report.contains("long beats short: "))
        #expect(FileManager.default.fileExists(atPath: place.path + "/found/plot.png"))

        // A cell that is gone is measured again, the model stays; what is there is not touched.
        let model = place.path + "/ablation/runs/" + runs.sorted()[0] + "/model/model.safetensors"
        let before = try FileManager.default.attributesOfItem(atPath: model)[.modificationDate] as? Date
        try FileManager.default.removeItem(atPath: place.path + "/ablation/cells/long-seed-1.json")
        #expect(try #require(try json(place)["cases"] as? [[String: Any]]).compactMap { $0["values"] as? [Double] } == values)
        #expect(try FileManager.default.attributesOfItem(atPath: model)[.modificationDate] as? Date == before)
        #expect(try #require(try json(place, ["--only", "short"])["cases"] as? [[String: Any]]).count == 1)
    }

    @Test(
        arguments: [
            ("cases:", "grid:", "is no list of values"), ("beats: short", "beats: shirt", "'shirt'"),
            ("seeds: [1, 2]", "seeds: [1, 1]", "repeats"), ("eval.steps: 1", "eval.stops: 1", "unknown key"),
            ("{name: loss}", "{name: lass}", "'lass'"), ("train.steps: 3", "train.stops: 3", "unknown key"),
            ("{name: loss}", "{name: loss, beside: [psnr]}", "metric.beside"), ("dit.yaml", "dat.yaml", "dat.yaml"),
            ("name: tiny", "name: a/b", "cannot name a folder"),
        ])
    func `a file that cannot be meant is refused before anything is trained`(from: String, to: String, word: String) throws {
        let place = try Tiny.shared.get()
        let name = "bad-\(abs(to.hashValue)).yaml"
        try place.write(text.replacingOccurrences(of: from, with: to), to: name)
        let result = try Program.run(["ablate", name, "--quiet", "--run-dir", name + ".d"], in: place.path)
        #expect(result.code == 2 && result.errors.contains(word), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: place.path + "/" + name + ".d"))
    }

    @Test func `a case may be an experiment of its own`() throws {
        let place = try Tiny.trained()
        try place.write("base: dit.yaml\nname: other\ntrain: {steps: 4}\n", to: "other.yaml")
        let cases = "cases:\n  own: {base: other.yaml, train.batch: 2}\n  shared: {train.batch: 2}\n"
        let rest = "seeds: [1]\nmetric: {name: loss}\n"
        try place.write("version: 1\nname: tiny\nbase: dit.yaml\n" + cases + rest, to: "tiny.yaml")
        let values = try #require(try json(place)["cases"] as? [[String: Any]]).compactMap { $0["values"] as? [Double] }
        #expect(values.count == 2 && values[0] != values[1])
        let runs = try FileManager.default.contentsOfDirectory(atPath: place.path + "/ablation/runs").filter { $0 != ".cache" }
        #expect(runs.sorted().map { $0.prefix(6) } == ["dit.ya", "other."])

        let claims = "claim: [{case: own, beats: shared}, {case: shared, beats: own}, {case: own, matches: own}]\n"
        try place.write("version: 1\nname: tiny\nbase: dit.yaml\n" + cases + rest + claims, to: "tiny.yaml")
        #expect(try json(place)["holds"] as? Bool == false)
        let report = try String(contentsOfFile: place.path + "/found/report.md", encoding: .utf8)
        #expect(
            report.contains("own beats shared: ") && report.contains("shared beats own: ")
                && report.contains("own matches own: holds"))

        try place.write("version: 1\nname: none\n" + cases + rest, to: "none.yaml")
        let result = try Program.run(["ablate", "none.yaml"], in: place.path)
        #expect(result.code == 2 && result.errors.contains("cases.shared"), "\(result.errors)")
    }

    @Test func `a grid takes every combination, zip one after the other`() throws {
        let place = try Tiny.shared.get()
        func cases(_ way: String, _ lists: String) throws -> [AblationFile.Case] {
            let start = text.components(separatedBy: "cases:")[0]
            let axes = "\(way): \(lists)\nseeds: 0-2\nmetric: {name: alignment, count: 5}\n"
            try place.write(start + axes, to: "ways.yaml")
            let file = try AblationFile(path: place.path + "/ways.yaml")
            #expect(file.seeds == [0, 1, 2] && file.metric.count == 5 && file.metric.isHigherBetter)
            return file.cases
        }
        let grid = try cases("grid", "{train.steps: [1, 2], model.dim: [32, 64]}")
        #expect(grid.map(\.name) == ["steps 1, dim 32", "steps 1, dim 64", "steps 2, dim 32", "steps 2, dim 64"])
        #expect(grid[2].assignments == ["train.steps=2", "model.dim=32"])
        let zip = try cases("zip", "{train.steps: [1, 2], eval.steps: [3, 4]}")
        #expect(zip.map(\.assignments) == [["train.steps=1"], ["train.steps=2"]])
        #expect(zip.map { $0.evaluation["steps"]?.content } == [.int(3), .int(4)])
        #expect(throws: InputError.self) { try cases("zip", "{train.steps: [1, 2], model.dim: [3]}") }
    }
}
