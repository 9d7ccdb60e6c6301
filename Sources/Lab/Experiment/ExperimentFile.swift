import Tensors

/// An experiment file, read: its bases merged under it, flags over it, references replaced, nulls gone.
///
///     let file = try ExperimentFile(path: "Experiments/digits/masked.yaml", set: ["train.steps=100"])
///     let section = try file.section()
public struct ExperimentFile: Sendable {
    /// A base may itself have a base, never deeper.
    public static let baseLimit = 2
    /// Nobody writes a longer recipe.
    static let byteLimit = 4 << 20

    public let path: String
    /// The merged configuration, always a map.
    public let root: ConfigurationValue

    /// - Parameter set: assignments `a.b=value`, applied in order after every file.
    public init(path: String, set assignments: [String] = []) throws {
        try self.init(merged: Self.load(path, below: []), path: path, set: assignments)
    }

    /// The same from text, as if `path` held it; bases are looked up from the folder of `path`.
    public init(text: String, path: String, set assignments: [String] = []) throws {
        try self.init(
            merged: Self.merge(YAMLReader.parse(text, file: path), path, below: []), path: path, set: assignments)
    }

    private init(merged: ConfigurationValue, path: String, set assignments: [String]) throws {
        var merged = merged
        for assignment in assignments { merged = try merged.setting(assignment) }
        self.path = path
        // Deleting before references are followed keeps a deleted value from being referred to.
        self.root = try Interpolation.resolved(merged.withoutNulls).withoutNulls
    }

    /// A cell of an ablation: the same file with what another file changes in it, by dotted keys, and further assignments.
    public func setting(_ changes: [ConfigurationValue.Entry], _ assignments: [String] = []) throws -> ExperimentFile {
        let changed = try changes.reduce(root) { try $0.setting($1.key, to: $1.value, at: $1.keyPlace) }
        return try ExperimentFile(merged: changed, path: path, set: assignments)
    }

    /// A fresh strict reader over the whole file.
    public func section() throws -> Section { try Section(root) }

    /// Equal for two files exactly when they merge to the same configuration. Paths count as stated.
    public var fingerprint: String { root.fingerprint() }

    private static func load(_ path: String, below trail: [String]) throws -> ConfigurationValue {
        let text = try AtomicFile.readText(path)
        guard text.utf8.count <= byteLimit else {
            throw InputError("too large for an experiment file", at: path, expected: "at most \(byteLimit >> 20) MiB")
        }
        return try merge(try YAMLReader.parse(text, file: path), path, below: trail)
    }

    /// Takes `base:` out of a file's map and lays the file over its bases, left to right.
    private static func merge(
        _ value: ConfigurationValue, _ path: String, below trail: [String]
    ) throws -> ConfigurationValue {
        guard case .map(let entries) = value.content else {
            throw InputError(
                "not an experiment", at: value.place.description, expected: "a map of keys",
                found: value.content == .null ? "an empty file" : value.shown)
        }
        guard let base = value["base"], base.content != .null else {
            return ConfigurationValue(.map(entries.filter { $0.key != "base" }), at: value.place)
        }
        let trail = trail + [absolutePath(path)]
        var merged: ConfigurationValue?
        for element in try baseNames(base) {
            let target =
                element.name.hasPrefix("/") || folder(of: path).isEmpty
                ? element.name : folder(of: path) + "/" + element.name
            if trail.contains(absolutePath(target)) {
                throw InputError("bases go in a circle", at: element.place.description, found: element.name)
            }
            guard trail.count <= baseLimit else {
                throw InputError(
                    "bases go too deep", at: element.place.description,
                    expected: "at most \(baseLimit) files below one another",
                    found: element.name)
            }
            let below: ConfigurationValue
            do {
                below = try load(target, below: trail)
            } catch let error as InputError where error.place == target {
                throw InputError(
                    "base '\(element.name)': \(error.what)", at: element.place.description, expected: error.expected,
                    found: error.found, hint: error.hint)
            }
            merged = merged.map { $0.merged(with: below) } ?? below
        }
        let own = ConfigurationValue(.map(entries.filter { $0.key != "base" }), at: value.place)
        return merged.map { $0.merged(with: own) } ?? own
    }

    private static func baseNames(
        _ base: ConfigurationValue
    ) throws -> [(name: String, place: ConfigurationPlace)] {
        let elements: [ConfigurationValue]
        if case .list(let list) = base.content { elements = list } else { elements = [base] }
        return try elements.map { element in
            guard case .string(let name) = element.content, !name.isEmpty else {
                throw InputError(
                    "'base' has the wrong type", at: element.place.description, expected: "a file or a list of files",
                    found: element.shown)
            }
            return (name, element.place)
        }
    }
}
