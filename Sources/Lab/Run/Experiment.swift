import Codecs
import Media
import Networks
import Systems
import Tensors
import Training

/// An experiment file made into parts: the system, its data, its plan.
public final class Experiment {
    public let name: String
    public let seed: UInt64
    public let system: any System
    public var dataset: any Dataset { data.dataset }
    public let resolved: ConfigurationValue
    public var steps: Int { train.plan.steps }
    let train: TrainSection
    /// What it took over from the model that it starts from, for people to read; nil where it starts from nothing.
    let beginning: String?
    let data: TrainingData

    public init(_ file: ExperimentFile) throws {
        let section = try file.section()
        _ = try section.int("version", default: 1, in: 1...1)
        name = try section.string("name", default: "run")
        guard !name.isEmpty, !name.contains("/") else { throw section.error("name", "cannot name a folder", found: "'\(name)'") }
        seed = UInt64(try section.int("seed", default: 0, in: 0...Int.max))
        let data = try TrainingData(try section.section("data"))
        let dataset = data.dataset
        self.data = data
        let start = try StartingPoint(try section.section("init"))
        system = try Catalogue.system(section).init(
            section,
            Surroundings(
                vocabulary: start.vocabulary, captions: { try data.sentences() }, classNames: { dataset.classNames }))
        train = try TrainSection(try section.section("train"), seed: seed, phases: system.phases.map(\.name))
        _ = try section.optionalString("notes")
        try section.finish()
        try Self.checkMedia(of: dataset, for: system)
        try Self.checkClasses(of: dataset, for: system)
        resolved = section.resolved
        system.module.initialize(Noise(seed: seed)("weights"))
        try train.freeze(in: system.model)
        beginning = try start.apply(to: system.model)
    }

    /// The first example stands for all: a data set's pictures are of one size, and sounds are cut to one.
    private static func checkMedia(of dataset: any Dataset, for system: any System) throws {
        guard dataset.count > 0 else { return }
        if let system = system as? any GenerativeSystem, system.medium == .point {
            return try checkPoint(try dataset.example(0, epoch: 0), for: system)
        }
        guard system.anyCodec != nil || system is any FeatureSystem || !system.form.isPicture else { return }
        let example = try dataset.example(0, epoch: 0)
        guard case .picture = system.form else {
            _ = try system.form.media(of: example)
            if let side = (system as? any GenerativeSystem)?.toldSide { try checkTold(example, side: side) }
            return
        }
        guard let picture = example.picture else {
            throw InputError("has no pictures, which this system needs", at: "data.train", found: example.name)
        }
        try (system as? any FeatureSystem)?.check(picture, at: "data.train")
        guard let wanted = system.anyCodec?.mediaShape else { return }
        guard [picture.height, picture.width, picture.channels] == wanted else {
            throw InputError(
                "the pictures do not fit the codec", at: "data.train",
                expected: "\(wanted[1])x\(wanted[0]), \(wanted[2]) channels",
                found: "\(example.name) of \(picture.width)x\(picture.height), \(picture.channels) channels",
                hint: "change data.train.size or codec.size")
        }
    }

    private static func checkTold(_ example: Example, side: Int) throws(InputError) {
        guard let picture = example.picture else {
            throw InputError("has no pictures, which this system is told", at: "data.train", found: example.name)
        }
        guard [picture.width, picture.height, picture.channels] == [side, side, 3] else {
            throw InputError(
                "the pictures do not fit what looks at them", at: "data.train", expected: "\(side)x\(side), 3 channels",
                found: "\(example.name) of \(picture.width)x\(picture.height), \(picture.channels) channels",
                hint: "change condition.side or data.train.size")
        }
    }

    private static func checkPoint(_ example: Example, for system: any GenerativeSystem) throws(InputError) {
        guard let point = example.point else {
            throw InputError("has no points, which this system needs", at: "data.train", found: example.name)
        }
        if let wanted = system.anyCodec?.mediaShape.elementCount, point.count != wanted {
            throw InputError(
                "the points do not fit the codec", at: "data.train", expected: "\(wanted) numbers", found: "\(point.count)",
                hint: "change codec.size")
        }
    }

    /// Labels count from 0 to the number of classes that the data name.
    private static func checkClasses(of dataset: any Dataset, for system: any System) throws {
        let classifies = system as? any ClassifyingSystem
        let known = classifies?.classCount ?? (system as? any DenoisingSystem)?.classCount ?? 0
        guard known > 0 else { return }
        let found = dataset.classNames.count
        if found > known || (found == 0 && classifies != nil) {
            throw InputError(
                "the classes are not those of the system", at: "data.train",
                expected: "\(classifies == nil ? "at most" : "1 to") \(known)", found: "\(found)")
        }
    }

    /// Some examples as the system takes them in: `[B, H, W, C]`.
    func media(_ range: Range<Int>) throws -> Tensor {
        try system.form.media(of: range.map { try dataset.example($0, epoch: 0) }, from: range.lowerBound)
    }

    func source(cache folder: String, progress: (Int, Int) -> Void) throws -> any BatchSource {
        try data.source(for: system, batch: train.plan.batch, seed: seed, cache: folder, progress: progress)
    }
}

extension FeatureSystem {
    /// What a person gave it to look at.
    func check(_ picture: Picture, at place: String) throws(InputError) {
        let least = extractor.smallestSide
        guard picture.channels == 3, min(picture.width, picture.height) >= least else {
            throw InputError(
                "the pictures do not fit the network", at: place, expected: "3 channels, \(least)x\(least) or more",
                found: "\(picture.width)x\(picture.height), \(picture.channels) channels")
        }
    }
}
