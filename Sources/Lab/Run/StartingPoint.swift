import Systems
import Tensors

/// Where training starts and what of it stays as it is: `init: {from, skip, rename}` and `train.freeze`.
struct StartingPoint {
    /// A model directory; nil to start from nothing.
    let from: String?
    /// How the names of tensors begin that are not taken over.
    let skipped: [String]
    /// How the names of tensors begin in that model, and how the same ones do here.
    let renamed: [String: String]
    /// How the names of parameters begin that are not trained.
    let frozen: [String]

    init(_ section: Section, frozen: [String]) throws {
        from = try section.optionalPath("from")
        skipped = try section.strings("skip", default: [])
        let names = try section.section("rename")
        renamed = try Dictionary(uniqueKeysWithValues: names.keys.map { ($0, try names.string($0)) })
        self.frozen = frozen
    }

    /// Returns what was taken over, for people to read; nil where nothing was to be.
    func apply(to model: Module) throws -> String? {
        let parameters = model.parameters()
        // A name that nothing begins with is a slip of the pen.
        for name in frozen where !parameters.contains(where: { $0.name.hasPrefix(name) }) {
            throw InputError(
                "no parameter's name begins with \(name)", at: "train.freeze",
                hint: nearestBeginning(to: name, among: parameters.map(\.name)).map { "the model has \($0)" })
        }
        for parameter in parameters where frozen.contains(where: parameter.name.hasPrefix) { parameter.isFrozen = true }
        guard parameters.isEmpty || !parameters.allSatisfy(\.isFrozen) else {
            throw InputError("leaves nothing to train", at: "train.freeze", found: frozen.joined(separator: ", "))
        }
        guard let from else { return nil }
        let report = try Weights.read(into: model, from: from + "/model.safetensors", skipping: skipped, renaming: renamed)
        let rest = report.skipped.isEmpty ? "" : ", \(report.skipped.count) not: \(report.skipped.joined(separator: ", "))"
        return "\(report.loaded.count) tensors are those of \(from)\(rest)"
    }
}
