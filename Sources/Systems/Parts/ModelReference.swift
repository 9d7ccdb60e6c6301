import Tensors

/// A finished model that another one is built on: frozen, stored in a subfolder, recognised by its fingerprint.
final class ModelReference {
    let system: any System
    let folder: String
    let fingerprint: String

    /// A model directory, or a subfolder of the model being loaded.
    init(_ folder: String) throws {
        self.folder = folder
        let model = try ModelDirectory.load(folder)
        fingerprint = model.fingerprint
        system = model.system
    }

    /// Section `{from, fingerprint}`.
    convenience init(_ section: Section) throws {
        try self.init(try section.path("from"))
        if let wanted = try section.optionalString("fingerprint"), wanted != fingerprint {
            throw section.error(
                "fingerprint", "is of another model", expected: String(wanted.prefix(12)), found: String(fingerprint.prefix(12)),
                hint: "the model was trained on top of one that is not this one")
        }
    }

    func freeze(_ module: Module) {
        for p in module.parameters() { p.isFrozen = true }
    }

    func write(to target: String, as name: String) throws { try ModelDirectory.copy(folder, to: target + "/" + name) }

    /// The resolved experiment with section `name` pointing to the copy.
    func configuration(_ resolved: ConfigurationValue, as name: String) -> ConfigurationValue {
        resolved.setting(name, .reference(to: name, fingerprint, at: resolved.place))
    }
}
