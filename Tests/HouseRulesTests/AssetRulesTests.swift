import Foundation
import Lab
import Systems
import Tensors
import Training
import Testing

/// What ships is whole, small and of use.
@Suite struct AssetRulesTests {
    private static let folder = Repository.root + "/Assets"
    private static let models = Folder.names(in: folder + "/models").filter {
        Folder.exists("\(folder)/models/\($0)/config.json")
    }

    private static func files() -> [String] {
        let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return all.filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: folder + "/" + $0, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }

    @Test func `SHA256SUMS names every file with its hash`() throws {
        let lines = try AtomicFile.readText(Self.folder + "/SHA256SUMS").split(separator: "\n")
        let listed = Dictionary(
            uniqueKeysWithValues: lines.map { line in
                let parts = line.split(separator: " ", maxSplits: 1).map { $0.drop { " *".contains($0) } }
                return (String(parts[1].hasPrefix("./") ? parts[1].dropFirst(2) : parts[1]), String(parts[0]))
            })
        #expect(Set(listed.keys) == Set(Self.files()).subtracting(["SHA256SUMS"]))
        for (file, hash) in listed { #expect(try SHA256.hex(ofFile: Self.folder + "/" + file) == hash, "\(file)") }
    }

    @Test func `models ship in bf16 and together are under 15 MB`() throws {
        var bytes = 0
        for file in Self.files() where file.hasPrefix("models/") {
            bytes += try AtomicFile.read(Self.folder + "/" + file).count
            guard file.hasSuffix(".safetensors") else { continue }
            let stored = try SafetensorsFile(Self.folder + "/" + file).entries
            // Statistics of latents, a few numbers, keep their precision, and so does a codebook that is an average.
            #expect(
                stored.allSatisfy { $0.type == .bf16 || $0.shape.reduce(1, *) <= 64 || $0.name.hasPrefix("quantizer.") },
                "\(file)")
        }
        #expect(bytes < 15_000_000, "\(bytes)")
    }

    @Test(arguments: models) func `every model generates, and is named by its data and system`(name: String) throws {
        let loaded = try ModelDirectory.load("\(Self.folder)/models/\(name)")
        #expect(loaded.system is any GenerativeSystem)
        #expect(name.hasSuffix("-" + type(of: loaded.system).name))
    }
}
