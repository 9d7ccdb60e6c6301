import Tensors

/// A finished model that chooses among what another makes: frozen, stored in the subfolder `judge`, named by `sample.judge`.
struct JudgeReference {
    let system: any System
    private let model: ModelReference

    init(_ sample: Section) throws {
        model = try ModelReference(try sample.path("judge"))
        system = model.system
        model.freeze(system.module)
    }

    func write(to target: String) throws { try model.write(to: target, as: "judge") }

    func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        guard let sample = resolved["sample"] else { return resolved }
        return resolved.setting("sample", sample.setting("judge", ConfigurationValue(.string("judge"))))
    }
}
