import Tensors

/// Everything a run needs to go on as if it had never stopped, in one folder with a manifest of hashes.
///
/// `model.safetensors`, `ema.safetensors`, `optimizer.safetensors`, `state.json`, `MANIFEST`. The folder is written under a temporary
/// name and renamed last, so a torn one is recognised and passed over.
public enum Checkpoint {
    static let files = ["model.safetensors", "ema.safetensors", "optimizer.safetensors", "state.json"]

    /// Writes `folder/step-N`, then points `folder/../LATEST` at it.
    public static func write(_ trainer: Trainer, in folder: RunFolder, configuration: String) throws {
        let name = "step-\(trainer.step)"
        let final = folder.checkpoints + "/" + name
        let temporary = folder.checkpoints + "/.\(name).partial"
        try Folder.remove(temporary)
        // Nothing half-written stays behind, whatever goes wrong.
        defer { try? Folder.remove(temporary) }
        try Folder.create(temporary)
        try Weights.write(trainer.subject.module, to: temporary + "/model.safetensors")
        var ema = SafetensorsWriter()
        if let averages = trainer.averages {
            for (name, value) in averages.named.sorted(by: { $0.key < $1.key }) { ema.add(name, value) }
        }
        try ema.write(to: temporary + "/ema.safetensors")
        var optimizer = SafetensorsWriter()
        for (phase, state) in trainer.phases {
            for (name, tensor) in state.state { optimizer.add("\(phase.name)/\(name)", tensor) }
        }
        try optimizer.write(to: temporary + "/optimizer.safetensors")
        let state = JSON.object([
            ("step", JSON(trainer.step)), ("skips", JSON(trainer.skips)),
            ("averages", JSON(trainer.averages?.updates ?? 0)),
            ("updates", .object(trainer.phases.map { ($0.phase.name, JSON($0.optimizer.step)) })),
            ("configuration", JSON(configuration)),
        ])
        try AtomicFile.write(state.encoded(pretty: true) + "\n", to: temporary + "/state.json")
        let manifest = try files.map { "\(try SHA256.hex(ofFile: temporary + "/" + $0))  \($0)\n" }.joined()
        try AtomicFile.write(manifest, to: temporary + "/MANIFEST")
        try Folder.remove(final)
        try Folder.rename(temporary, to: final)
        try AtomicFile.write(name + "\n", to: folder.path + "/LATEST")
    }

    /// Steps of the whole checkpoints in the folder, oldest first; torn ones are reported to `warn`.
    public static func whole(in folder: RunFolder, warn: (String) -> Void = { _ in }) -> [Int] {
        Folder.names(in: folder.checkpoints).compactMap { name in
            guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)) else { return nil }
            if let fault = fault(in: folder.checkpoints + "/" + name) {
                warn("checkpoint \(name) is passed over: \(fault)")
                return nil
            }
            return step
        }.sorted()
    }

    /// What is wrong with a checkpoint, or nil.
    static func fault(in path: String) -> String? {
        guard let manifest = try? AtomicFile.readText(path + "/MANIFEST") else { return "MANIFEST is missing" }
        var listed: Set<String> = []
        for line in manifest.split(separator: "\n") {
            let parts = line.split(separator: " ", omittingEmptySubsequences: true)
            guard parts.count == 2 else { return "MANIFEST is damaged" }
            guard let hash = try? SHA256.hex(ofFile: path + "/" + parts[1]) else { return "\(parts[1]) cannot be read" }
            if hash != parts[0] { return "\(parts[1]) does not match its hash" }
            listed.insert(String(parts[1]))
        }
        return Set(files).isSubset(of: listed) ? nil : "MANIFEST does not list every file"
    }

    /// Configuration hash the checkpoint was made under.
    public static func configuration(of step: Int, in folder: RunFolder) throws -> String {
        let path = folder.checkpoints + "/step-\(step)/state.json"
        return try JSONField(JSON.read(path), in: path).field("configuration").string()
    }

    /// Puts the trainer where it was when `step-N` was written.
    public static func restore(_ trainer: Trainer, step: Int, from folder: RunFolder) throws {
        let path = folder.checkpoints + "/step-\(step)"
        let stateFile = path + "/state.json"
        let state = JSONField(try JSON.read(stateFile), in: stateFile)
        try Weights.read(into: trainer.subject.module, from: path + "/model.safetensors")
        if let averages = trainer.averages {
            let file = try SafetensorsFile(path + "/ema.safetensors")
            try averages.restore(updates: state.field("averages").int()) { try file.tensor($0) }
        }
        let file = try SafetensorsFile(path + "/optimizer.safetensors")
        let updates = try state.field("updates")
        for (phase, optimizer) in trainer.phases {
            try optimizer.restore(step: updates.field(phase.name).int()) { try file.tensor("\(phase.name)/\($0)") }
        }
        trainer.step = try state.field("step").int()
        trainer.skips = try state.field("skips").int()
    }

    /// Removes all but the last `keep` whole checkpoints and every `keepEvery`-th.
    public static func prune(in folder: RunFolder, keep: Int, keepEvery: Int = 0) throws {
        let steps = whole(in: folder)
        for step in steps.dropLast(keep) where keepEvery == 0 || step % keepEvery != 0 {
            try Folder.remove(folder.checkpoints + "/step-\(step)")
        }
    }
}
