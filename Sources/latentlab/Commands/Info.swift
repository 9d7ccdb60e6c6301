import ArgumentParser
import LatentLab

struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Tensors, parameters and configuration of a model.")

    @Argument(help: "A model directory, or the name of a shipped model.") var model: String
    @Flag(help: "One JSON object.") var json = false

    func run() throws {
        let folder = try Assets.model(model)
        let loaded = try ModelDirectory.load(folder)
        let file = try SafetensorsFile(folder + "/model.safetensors")
        let count = loaded.system.model.parameterCount
        if json {
            let tensors = file.entries.map { entry in
                JSON.object([
                    ("name", JSON(entry.name)), ("shape", .array(entry.shape.map { JSON($0) })),
                    ("dtype", JSON(entry.type.rawValue)),
                ])
            }
            let record = JSON.object([
                ("system", JSON(type(of: loaded.system).name)), ("fingerprint", JSON(loaded.fingerprint)),
                ("parameters", JSON(count)), ("config", loaded.configuration.json), ("tensors", .array(tensors)),
            ])
            try Console.print(record.encoded())
            return
        }
        try Console.print(
            "system       \(type(of: loaded.system).name)\nparameters   \(count)\nfingerprint  \(loaded.fingerprint)\n")
        for entry in file.entries { try Console.print("\(entry.type.rawValue)\t\(entry.shape)\t\(entry.name)") }
        try Console.print("\n" + loaded.configuration.yaml())
    }
}
