import Foundation
import Lab
import Media
import Metrics
import Networks
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
        #expect(Set(listed.keys).union(["SHA256SUMS"]).symmetricDifference(Self.files()).sorted() == [])
        for (file, hash) in listed { #expect(try SHA256.hex(ofFile: Self.folder + "/" + file) == hash, "\(file)") }
    }

    @Test func `models and networks ship in bf16, and all assets together are under 45 MB`() throws {
        let bytes = try Self.files().reduce(0) { try $0 + AtomicFile.read(Self.folder + "/" + $1).count }
        for file in Self.files() where file.hasPrefix("models/") || file.hasPrefix("networks/") {
            guard file.hasSuffix(".safetensors") else { continue }
            let stored = try SafetensorsFile(Self.folder + "/" + file).entries
            // Statistics of latents, a few numbers, keep their precision, and so does a codebook that is an average.
            let wide = stored.filter { entry in
                entry.type != .bf16 && entry.shape.reduce(1, *) > 64 && !entry.name.hasPrefix("quantizer.")
            }
            #expect(wide.isEmpty, "\(file): \(wide.map(\.name))")
        }
        #expect(bytes < 45_000_000, "\(bytes)")
    }

    @Test(arguments: models) func `every model generates, and is named by its data and system`(name: String) throws {
        let loaded = try ModelDirectory.load("\(Self.folder)/models/\(name)")
        #expect(loaded.system is any GenerativeSystem)
        let system = type(of: loaded.system).name
        #expect(name.hasSuffix("-" + (system == BitDiffusionSystem.name ? "bits" : system)))
    }

    @Test func `every network looks at pictures or sounds, is named by its data and what it is for, and is small`() throws {
        let names = Folder.names(in: Self.folder + "/networks")
        #expect(names == ["emoji-features", "soundscapes-features"])
        for name in names {
            let folder = "\(Self.folder)/networks/\(name)"
            let loaded = try ModelDirectory.load(folder)
            #expect(loaded.system is any FeatureSystem && !(loaded.system is any GenerativeSystem))
            #expect(name.hasSuffix("-features"))
            #expect(try AtomicFile.read(folder + "/model.safetensors").count < 1_200_000)
            #expect(try Assets.model(name) == folder)
        }
        #expect(Assets.shipped.map(\.name) == Self.models + names)
    }

    /// Of two changes that PSNR finds alike, the blur lies farther off than the noise, and both grow with their strength.
    @Test func `the network that ships sees what PSNR does not`() throws {
        let system = try #require(
            try ModelDirectory.load(Self.folder + "/networks/emoji-features").system as? any FeatureSystem)
        let emoji = try Emoji(Self.folder + "/datasets/emoji", split: .heldOut)
        let pictures = try (0..<80).compactMap { try emoji.example($0, epoch: 0).picture }
        let x = Tensor(pictures)
        func statistics(_ x: Tensor) -> FeatureStatistics {
            let vectors = withoutGradients { system.extractor.vectors(of: x) }
            var all = FeatureStatistics(width: vectors.shape[1])
            all.add(vectors)
            return all
        }
        let sharp = statistics(x)
        func distance(_ y: Tensor) -> Double { frechetDistance(sharp, statistics(y)) }
        func psnr(_ y: Tensor) -> Double { PictureDifference.psnr(y, x).reduce(0, +) / 80 }
        let blurred = [48, 24].map { side in
            Tensor(pictures.map { $0.resized(width: side, height: side, .box).resized(width: 64, height: 64, .bilinear) })
        }
        let noise = Noise(seed: 1).normal(x.shape)
        let noisy = [0.1, 0.21].map { (x + noise * $0).clamped(-1, 1) }
        let (ofBlur, ofNoise) = (blurred.map(distance), noisy.map(distance))
        #expect(ofBlur[0] < ofBlur[1] && ofNoise[0] < ofNoise[1], "\(ofBlur), \(ofNoise)")
        #expect(psnr(blurred[1]) > psnr(noisy[1]), "\(blurred.map(psnr)), \(noisy.map(psnr))")
        #expect(ofBlur[1] > 1.5 * ofNoise[1], "\(ofBlur), \(ofNoise)")
    }

    /// Nothing else in `Assets` passes for a model.
    @Test func `model directories lie in models or networks`() {
        for file in Self.files() where file.hasSuffix("/config.json") {
            #expect(file.hasPrefix("models/") || file.hasPrefix("networks/"), "\(file)")
        }
    }
}
