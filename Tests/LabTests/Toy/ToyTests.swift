import Diffusion
import Foundation
import Lab
import Systems
import TestKit
import Tensors
import Testing

@Suite struct ToyTests {
    static let mixture = GaussianMixture.ring()

    /// `[count, 2]` from an experiment's own system, by the ordinary sampling path.
    private func points(_ system: any System, _ count: Int, change: (inout SampleRequest) -> Void = { _ in }) throws
        -> Tensor
    {
        let generator = try #require(system as? any GenerativeSystem)
        var request = SampleRequest()
        request.seeds = (0..<UInt64(count)).map { $0 }
        request.batch = 500
        change(&request)
        var values: [Float] = []
        try generator.sample(request) { values += $0.points?.values ?? [] }
        return Tensor(values, [values.count / 2, 2])
    }

    private func experiment(_ name: String = "ring", _ changes: String...) throws -> Experiment {
        let path = #filePath.replacingOccurrences(
            of: "Tests/LabTests/Toy/ToyTests.swift", with: "Experiments/toy/\(name).yaml")
        return try Experiment(try ExperimentFile(path: path, set: changes))
    }

    @Test(arguments: [
        ("flow", "velocity", "heun", 48), ("flow", "x0", "dpmpp-2m", 64), ("vp_cosine", "v", "euler", 60),
        ("linear", "epsilon", "ddpm", 400), ("cosine", "v", "ddim", 100),
    ]) func `with the exact denoiser every mode gets its weight`(
        schedule: String, parameterization: String, sampler: String, steps: Int
    ) throws {
        let experiment = try experiment(
            "ring-exact", "corruption.schedule=\(schedule)", "corruption.parameterization=\(parameterization)")
        let found = try points(experiment.system, 3000) { ($0.sampler, $0.steps) = (sampler, steps) }
        let coverage = ModeCoverage(found, of: Self.mixture)
        // Exact points are within 3 deviations in 98.9 % of cases; a share of 1/8 has a standard error of 0.6 %.
        #expect(coverage.within > 0.975, "\(coverage)")
        #expect(coverage.imbalance(of: Self.mixture) < 0.025, "\(coverage)")
        #expect(abs(coverage.spread - 1) < 0.08, "\(coverage)")
    }

    @Test func `a class is its mode`() throws {
        let experiment = try experiment("ring-exact", "condition={kind: class, classes: 8}")
        let coverage = ModeCoverage(try points(experiment.system, 200) { $0.classes = [3] }, of: Self.mixture)
        #expect(coverage.shares == [0, 0, 0, 1, 0, 0, 0, 0])
        #expect(throws: InputError.self) { try points(experiment.system, 1) { $0.classes = [8] } }
    }

    @Test func `a trained model reaches every mode and stays on them, unless it is read wrongly`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let experiment = try experiment(
            "ring", "model.width=96", "train.steps=800", "train.optimizer.lr=3e-3", "train.preview.every=0",
            "train.ema.decay=0.98", "train.checkpoint.every=800")
        var options = TrainingRun.Options()
        options.folder = folder
        options.isQuiet = true
        #expect(try TrainingRun(experiment, options, say: { _ in }).run() == .finished)
        let model = folder + "/model"
        let system = try ModelDirectory.load(model).system
        let found = try points(system, 2000)
        let coverage = ModeCoverage(found, of: Self.mixture)
        #expect(coverage.within >= 0.95, "\(coverage)")
        #expect(coverage.shares.allSatisfy { $0 > 0.09 && $0 < 0.16 }, "\(coverage)")
        #expect(abs(coverage.spread - 1) < 0.15, "\(coverage)")
        expectIdentical(try points(system, 7) { $0.batch = 3 }, found.slice(0, 0..<7), "batches of three")

        // The measures must see what a mismatch of training and sampling does.
        let stored = try String(contentsOfFile: model + "/config.json", encoding: .utf8)
        let config = stored.replacing(#/"shift": [0-9.]+,/#, with: "")
        for (right, wrong) in [("\"velocity\"", "\"x0\""), ("\"flow\"", "\"linear\"")] {
            let mismatched = config.replacingOccurrences(of: right, with: wrong)
            #expect(mismatched != config)
            try mismatched.write(toFile: model + "/config.json", atomically: true, encoding: .utf8)
            let coverage = ModeCoverage(try points(try ModelDirectory.load(model).system, 1000), of: Self.mixture)
            #expect(coverage.within < 0.9 || abs(coverage.spread - 1) > 0.25, "\(wrong) for \(right): \(coverage)")
        }
    }

    @Test func `what cannot be is refused by the key that says it`() {
        func message(_ changes: String, _ name: String = "ring") -> String {
            do { _ = try experiment(name, changes) } catch { return "\(error)" }
            return "no error"
        }
        #expect(message("corruption.parameterization=epsilon").contains("corruption.parameterization"))
        #expect(message("model.width=0").contains("model.width"))
        #expect(message("data.train.shape=rings").contains("did you mean 'ring'"))
        #expect(message("model.shape=moons", "ring-exact") == "no error")
        #expect(message("model.turns=2").contains("turns"))
    }
}

@Suite struct PointsTests {
    @Test func `points of a mixture are addressed, labelled and split`() {
        let train = MixturePoints(.ring(), count: 400), held = MixturePoints(.ring(), count: 400, split: .heldOut)
        let examples = (0..<400).map { train.example($0, epoch: 0) }
        #expect(train.example(7, epoch: 3).point == examples[7].point)
        #expect(held.example(7, epoch: 0).point != examples[7].point)
        #expect(Set(examples.map(\.label)) == Set(0..<8))
        // The label is the mode that the point lies on.
        for example in examples {
            let coverage = ModeCoverage(Tensor(example.point!, [1, 2]), of: .ring())
            #expect(coverage.shares[example.label!] == 1 || coverage.within == 0)
        }
    }

    @Test func `coverage counts what lies near and how it is shared`() {
        let mixture = GaussianMixture([
            .init(weight: 1, mean: [0, 0], deviation: [1, 0.5]), .init(weight: 3, mean: [10, 0], deviation: [1, 1]),
        ])
        let coverage = ModeCoverage(Tensor([2.9, 0, 0, 1.6, 10, 2, 11, 0], [4, 2]), of: mixture)
        #expect(coverage.within == 0.75)
        #expect(coverage.shares == [0.5, 0.5])
        #expect(coverage.imbalance(of: mixture) == 0.25)
        let squares = 2.9 * 2.9 + 3.2 * 3.2 + 4 + 1
        #expect(abs(coverage.spread - (squares / 8).squareRoot()) < 1e-5)
    }

    @Test func `a scatter plot draws the points inside its square and no others`() {
        func marks(_ points: [[Float]]) -> Int {
            ScatterPlot(panels: [.init("", points)], reach: 1).drawing.marks.count { mark in
                if case .line(let spots, .series(0), _, _, _) = mark { return spots[0] == spots[1] }
                return false
            }
        }
        #expect(marks([[0, 0], [1, -1], [0.5, 1.01], [-3, 0], [.nan, 0]]) == 2)
        #expect(marks([]) == 0)
        let two = ScatterPlot(panels: [.init("data", [[0, 0]]), .init("model", [[1, 0]])]).drawing
        #expect(two.description == "points of data, model")
        #expect(two.picture(scale: 1).width == Int(two.width.rounded(.up)))
    }
}
