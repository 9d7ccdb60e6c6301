import Systems
import Tensors

/// Where training starts and what of it stays as it is: `init: {from, skip}` and `train.freeze`.
struct StartingPoint {
    /// A model directory; nil to start from nothing.
    let from: String?
    /// How the names of tensors begin that are not taken over.
    let skipped: [String]
    /// How the names of parameters begin that are not trained.
    let frozen: [String]

    init(_ section: Section, frozen: [String]) throws {
        from = try section.optionalPath("from")
        skipped = try section.strings("skip", default: [])
        self.frozen = frozen
    }

    /// Returns what was taken over, for people to read; nil where nothing was to be.
    func apply(to model: Module) throws -> String? {
        let parameters = model.parameters()
        // A name that nothing begins with is a slip of the pen.
        for name in frozen where !parameters.contains(where: { $0.name.hasPrefix(name) }) {
            let depth = name.split(separator: ".").count
            let parts = Set(parameters.map { $0.name.split(separator: ".").prefix(depth).joined(separator: ".") })
            throw InputError(
                "no parameter's name begins with \(name)", at: "train.freeze",
                hint: nearestName(to: name, among: parts.sorted()).map { "the model has \($0)" })
        }
        for parameter in parameters where frozen.contains(where: parameter.name.hasPrefix) { parameter.isFrozen = true }
        guard parameters.isEmpty || !parameters.allSatisfy(\.isFrozen) else {
            throw InputError("leaves nothing to train", at: "train.freeze", found: frozen.joined(separator: ", "))
        }
        guard let from else { return nil }
        let report = try Weights.read(into: model, from: from + "/model.safetensors", skipping: skipped)
        let rest = report.skipped.isEmpty ? "" : ", \(report.skipped.count) not: \(report.skipped.joined(separator: ", "))"
        return "\(report.loaded.count) tensors are those of \(from)\(rest)"
    }
}
