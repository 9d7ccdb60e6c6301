import Media
import Systems
import Tensors

/// `latentlab init`: the model of an experiment file with the random weights it would start training from under `seed`.
///
/// Data are opened only where a vocabulary has to be made from them or their classes counted; the training keys of the file are
/// left alone.
public struct InitialModel {
    private static let otherKeys = ["version", "name", "seed", "notes", "data", "train", "init"]
    private let system: any System
    private let resolved: ConfigurationValue

    public init(_ file: ExperimentFile, seed: Int) throws {
        let section = try file.section()
        for key in Self.otherKeys { _ = section.value(key) }
        func training() throws -> TrainingData {
            guard let data = section.value("data") else {
                throw InputError(
                    "'data' is missing", at: section.place.description,
                    expected: "the data whose captions or classes the model is made for")
            }
            return try TrainingData(Section(data, keyPath: "data"))
        }
        system = try Catalogue.system(section).init(
            section,
            Surroundings(captions: { try training().sentences() }, classNames: { try training().dataset.classNames }))
        try section.finish()
        resolved = section.resolved
        system.module.initialize(Noise(seed: UInt64(seed))("weights"))
    }

    public func write(to folder: String) throws { try ModelDirectory.write(system, resolved: resolved, to: folder) }
}
