import Foundation
import Tensors
import Training

/// Where the shipped models and data are.
public enum Assets {
    /// `LATENTLAB_ASSETS`, else `Assets` of the folder we are in or of one above the program.
    public static var folder: String {
        if let given = ProcessInfo.processInfo.environment["LATENTLAB_ASSETS"] { return given }
        return places.map { $0 + "/Assets" }.first { FileManager.default.fileExists(atPath: $0 + "/datasets") } ?? "Assets"
    }

    /// A folder of the repository, seen from the folder we are in or from the program's own.
    public static func beside(_ path: String) -> String {
        places.map { $0 + "/" + path }.first { FileManager.default.fileExists(atPath: $0) } ?? path
    }

    /// The folder we are in, and those above the program.
    private static var places: [String] {
        var places = [FileManager.default.currentDirectoryPath]
        var above = URL(fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "")
        for _ in 0..<6 {
            above.deleteLastPathComponent()
            places.append(above.path)
        }
        return places
    }

    /// Folders of shipped models: those that generate, and those that look.
    static let shelves = ["models", "networks"]

    /// Name and folder of everything that ships as a model directory.
    public static var shipped: [(name: String, folder: String)] {
        shelves.flatMap { shelf in
            Folder.names(in: "\(folder)/\(shelf)").map { ($0, "\(folder)/\(shelf)/\($0)") }
        }.filter { Folder.exists($0.1 + "/config.json") }
    }

    /// A model by path, or by the name of a shipped one.
    public static func model(_ name: String) throws -> String {
        if FileManager.default.fileExists(atPath: name) { return name }
        if let known = shipped.first(where: { $0.name == name }) { return known.folder }
        let names = shipped.map(\.name)
        let hint =
            nearestName(to: name, among: names).map { "did you mean '\($0)'?" }
            ?? (names.isEmpty ? nil : "shipped models: " + names.joined(separator: ", "))
        throw InputError("no such model", at: name, expected: "a model directory or the name of a shipped model", hint: hint)
    }
}
