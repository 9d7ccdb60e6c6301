import Foundation
import LatentLab
import Testing

@Suite struct ModelMutationTests {
    /// Cuts, doubles and changes of a few bytes, and numbers put where others were.
    private func damaged(_ bytes: [UInt8], _ chance: Noise) -> [UInt8] {
        var bytes = bytes
        for i in 0...chance("count").integer(below: 3) where bytes.count > 2 {
            let c = chance(i)
            let at = c("at").integer(below: bytes.count)
            let end = min(bytes.count, at + 1 + c("length").integer(below: 12))
            switch c("kind").integer(below: 6) {
            case 0: bytes[at] = UInt8(c("byte").integer(below: 256))
            case 1: bytes.removeSubrange(at..<end)
            case 2: bytes.insert(contentsOf: bytes[at..<end], at: c("to").integer(below: bytes.count))
            case 3: bytes.insert(Array("{}[]\",:0123456789-.eE".utf8)[c("mark").integer(below: 21)], at: at)
            default:
                // A digit or letter of a value: the file mostly stays readable, and means something else.
                let places = bytes.indices.filter { (48...57).contains(bytes[$0]) }
                if places.isEmpty { continue }
                bytes[places[c("place").integer(below: places.count)]] = UInt8(48 + c("digit").integer(below: 10))
            }
        }
        return bytes
    }

    @Test(arguments: ["kl", "dit"])
    func `five thousand damaged configurations each load or are refused`(_ name: String) throws {
        let place = Workplace()
        try place.write(Tiny.kl(), to: "kl.yaml")
        try place.write(Tiny.dit(), to: "dit.yaml")
        for model in ["kl", "dit"] where model == "kl" || name == "dit" {
            let file = try ExperimentFile(path: "\(place.path)/\(model).yaml")
            try FileManager.default.createDirectory(atPath: "\(place.path)/\(model)", withIntermediateDirectories: true)
            try InitialModel(file, seed: 1).write(to: "\(place.path)/\(model)/model")
        }
        let folder = "\(place.path)/\(name)/model"
        _ = try ModelDirectory.load(folder)
        let whole = Array(try place.bytes("\(name)/model/config.json"))
        var (loaded, refused) = (0, 0)
        for i in 0..<5000 {
            let bytes = damaged(whole, Noise(seed: 77)(name)(i))
            try Data(bytes).write(to: URL(fileURLWithPath: folder + "/config.json"))
            do {
                _ = try ModelDirectory.load(folder)
                loaded += 1
            } catch let error as InputError {
                refused += 1
                #expect(error.description.contains(place.path), "no file named: \(error)")
            }
        }
        #expect(loaded > 50 && refused > 1000, "\(loaded) loaded, \(refused) refused")
    }
}
