import Diffusion
import Foundation
import Networks
import Training
import Tensors

/// A model to share: one folder with `config.json`, `model.safetensors` and what it needs in subfolders.
public enum ModelDirectory {
    public struct Loaded {
        public let system: any System
        public let configuration: ConfigurationValue
        /// Hash of everything that determines what the model does.
        public let fingerprint: String
    }

    /// Where below it the words lie that it reads or writes, if it does.
    public static let tokenizer = "/text/tokenizer.json"

    /// Keys of an experiment that describe the model and not its training.
    static let modelKeys = ["system", "generator", "codec", "condition", "model", "corruption", "sample"]

    /// Builds the system named in `config.json` and reads its weights.
    public static func load(_ folder: String) throws -> Loaded {
        let configFile = folder + "/config.json"
        let value = ConfigurationValue(try JSON.read(configFile), file: configFile)
        let section = try Section(value)
        _ = try section.string("latentlab", default: Version.current)
        let system = try Catalogue.system(section).init(section, Surroundings(folder: folder))
        try section.finish()
        try Weights.read(into: system.model, from: folder + "/model.safetensors")
        return Loaded(system: system, configuration: section.resolved, fingerprint: try fingerprint(folder))
    }

    /// Writes the system as a self-contained folder, atomically: a temporary folder is renamed last.
    ///
    /// - Parameter values: weights to store in place of the system's own, such as running averages.
    public static func write(
        _ system: any System, resolved: ConfigurationValue, to folder: String, dtype: DType = .f32,
        values: [String: Tensor]? = nil
    ) throws {
        var folder = folder
        while folder.count > 1 && folder.hasSuffix("/") { folder.removeLast() }
        guard !Folder.exists(folder) || Folder.exists(folder + "/config.json") || Folder.names(in: folder).isEmpty else {
            throw InputError(
                "is there already and is no model directory, so it is not replaced", at: folder, expected: "a new folder")
        }
        let temporary = folder + ".partial"
        try Folder.remove(temporary)
        // Nothing half-written stays behind, whatever goes wrong.
        defer { try? Folder.remove(temporary) }
        try Folder.create(temporary)
        try system.writeParts(to: temporary)
        try Weights.write(
            system.model, to: temporary + "/model.safetensors", dtype: dtype, values: values, training: false)
        let configuration = system.configuration(resolved.keeping(modelKeys))
            .setting("latentlab", ConfigurationValue(.string(Version.current)))
        try AtomicFile.write(configuration.json.encoded(pretty: true) + "\n", to: temporary + "/config.json")
        try Folder.remove(folder)
        try Folder.rename(temporary, to: folder)
    }

    /// Copies a model with its weights rounded to `dtype`; what lies in subfolders stays as it is.
    public static func export(_ folder: String, to target: String, dtype: DType) throws {
        let loaded = try load(folder)
        try write(loaded.system, resolved: loaded.configuration, to: target, dtype: dtype)
    }

    /// SHA-256 over names and contents of every file, subfolders included, in order of their paths.
    public static func fingerprint(_ folder: String) throws -> String {
        var hash = SHA256()
        for path in try files(folder) { hash.update("\(path) \(try SHA256.hex(ofFile: folder + "/" + path))\n") }
        return hash.hex()
    }

    /// Copies a model directory, file by file.
    static func copy(_ folder: String, to target: String) throws {
        for path in try files(folder) {
            let destination = target + "/" + path
            try Folder.create(String(destination[..<destination.lastIndex(of: "/")!]))
            try AtomicFile.write(try AtomicFile.read(folder + "/" + path), to: destination)
        }
    }

    /// Relative paths of the files that belong to the model.
    private static func files(_ folder: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: folder + "/config.json") else {
            throw InputError("is not a model directory", at: folder, expected: "a folder with config.json and model.safetensors")
        }
        let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return all.filter { $0.hasSuffix(".json") || $0.hasSuffix(".safetensors") }.sorted()
    }
}

/// Version of the program, written into everything it makes.
public enum Version {
    public static let current = "0.1.0"
}

extension ConfigurationValue {
    /// A configuration as it was stored in JSON.
    public init(_ json: JSON, file: String) {
        let place = ConfigurationPlace(file: file, line: 1, column: 1)
        switch json {
        case .null: self.init(.null, at: place)
        case .bool(let value): self.init(.bool(value), at: place)
        case .int(let value): self.init(.int(Int(value)), at: place)
        case .number(let value): self.init(.number(value), at: place)
        case .string(let text): self.init(.string(text), at: place)
        case .array(let items): self.init(.list(items.map { ConfigurationValue($0, file: file) }), at: place)
        case .object(let members):
            self.init(.map(members.map { .init($0.key, at: place, ConfigurationValue($0.value, file: file)) }), at: place)
        }
    }

    /// For storing; paths become plain text.
    public var json: JSON {
        switch content {
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let value): JSON(value)
        case .number(let value): .number(value)
        case .string(let text), .path(let text): .string(text)
        case .list(let items): .array(items.map(\.json))
        case .map(let entries): .object(entries.map { ($0.key, $0.value.json) })
        }
    }
}
