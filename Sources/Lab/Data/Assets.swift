import Foundation
import Tensors

/// Where the shipped models and data are.
public enum Assets {
    /// `LATENTLAB_ASSETS`, else `Assets` of the folder we are in or of one above the program.
    public static var folder: String {
        if let given = ProcessInfo.processInfo.environment["LATENTLAB_ASSETS"] { return given }
        var candidates = [FileManager.default.currentDirectoryPath]
        var above = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        for _ in 0..<6 {
            above.deleteLastPathComponent()
            candidates.append(above.path)
        }
        return candidates.map { $0 + "/Assets" }.first { FileManager.default.fileExists(atPath: $0 + "/datasets") } ?? "Assets"
    }

    /// A model by path, or by the name of a shipped one.
    public static func model(_ name: String) throws -> String {
        if FileManager.default.fileExists(atPath: name) { return name }
        let shipped = folder + "/models"
        if FileManager.default.fileExists(atPath: "\(shipped)/\(name)/config.json") { return "\(shipped)/\(name)" }
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: shipped)) ?? []).sorted()
        let hint = nearestName(to: name, among: names).map { "did you mean '\($0)'?" }
            ?? (names.isEmpty ? nil : "shipped models: " + names.joined(separator: ", "))
        throw InputError("no such model", at: name, expected: "a model directory or the name of a shipped model", hint: hint)
    }
}
