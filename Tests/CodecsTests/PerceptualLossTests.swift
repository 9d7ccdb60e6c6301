import Codecs
import Foundation
import Networks
import Tensors
import TestKit
import Testing

/// VGG16's maps and the distance of LPIPS against `Tests/Goldens/lpips.py`, whose fixture is a file of the kind that is loaded.
@Suite struct PerceptualLossTests {
    /// A folder with some of the fixture's tensors.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.path + "/vgg-" + UUID().uuidString

        init(_ change: (String, Tensor) -> Tensor? = { $1 }, files: [String] = ["vgg16.safetensors"]) throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let golden = Golden("lpips")
            for (i, file) in files.enumerated() {
                var writer = SafetensorsWriter()
                for name in golden.names where files.count == 1 || name.hasPrefix("lin") == (i == 1) {
                    if let kept = change(name, golden[name]) { writer.add(name, kept) }
                }
                try writer.write(to: path + "/" + file)
            }
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    @Test(arguments: [["all.safetensors"], ["vgg16.safetensors", "lpips.safetensors"]])
    func `maps, distances and the gradient are PyTorch's`(_ files: [String]) throws {
        let golden = Golden("lpips")
        let folder = try Folder(files: files)
        let vgg = try VGGFeatures(folder.path)
        let x = channelsLast(golden["x"])
        for (k, map) in vgg.maps(of: x).enumerated() {
            expectClose(map, channelsLast(golden["map\(k)"]), relative: 1e-4, "map \(k)")
        }
        expectClose(vgg.vectors(of: x), golden["map4"].mean([2, 3]), relative: 1e-4)
        let y = channelsLast(golden["y"]).requiringGradient()
        let distance = PerceptualLoss(vgg, channelWeights: vgg.channelWeights)(y, x)
        expectClose(distance, golden["distance"], relative: 1e-4, "distance")
        expectClose(PerceptualLoss(vgg)(y, x), golden["plain"], relative: 1e-4, "without channel weights")
        expectClose(gradients(of: distance, wrt: [y])[0], channelsLast(golden["grad.y"]), relative: 1e-4, "gradient")
    }

    @Test func `nothing seen gives no distance and a finite gradient`() throws {
        // With these biases no unit of the first stage ever answers.
        let folder = try Folder { $0 == "features.0.bias" ? $1 - 100 : $0 == "features.2.bias" ? $1 * 0 - 1 : $1 }
        let loss = PerceptualLoss(try VGGFeatures(folder.path))
        let y = Noise(seed: 1).normal([1, 16, 16, 3]).requiringGradient()
        let distance = loss(y, Noise(seed: 2).normal([1, 16, 16, 3]))
        #expect(gradients(of: distance, wrt: [y])[0].values.allSatisfy { $0 == 0 })
        #expect(loss(y, y).values == [0])
    }

    @Test func `gradients go to the decoded picture alone, and a learning network keeps out of it`() {
        /// One convolution that could learn.
        final class Eye: Module, FeatureExtractor {
            let conv = Conv2d(3, 4, kernel: 3)
            func maps(of x: Tensor) -> [Tensor] { [conv(x)] }
            func vectors(of x: Tensor) -> Tensor { conv(x).mean([1, 2]) }
        }
        let eye = Eye()
        eye.initialize(Noise(seed: 1))
        let pictures = [2, 3].map { Noise(seed: $0).normal([2, 8, 8, 3]).requiringGradient() }
        let distance = PerceptualLoss(eye)(pictures[0], pictures[1])
        let found = gradients(of: distance, wrt: pictures + eye.parameters().map(\.value))
        #expect(found[0].values.contains { $0 != 0 })
        for other in found.dropFirst() { #expect(other.values.allSatisfy { $0 == 0 }) }
        gradientCheck("perceptual", [pictures[0].detached()], step: 1e-3) { PerceptualLoss(eye)($0[0], pictures[1].detached()) }
    }

    @Test func `files that do not fit are refused by name`() throws {
        let empty = FileManager.default.temporaryDirectory.path + "/empty-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: empty) }
        #expect(throws: InputError.self) { try VGGFeatures(empty) }
        for (change, words) in [
            ({ $0 == "features.7.bias" ? nil : $1 }, ["features.7.bias", "missing"]),
            ({ $0 == "features.5.weight" ? $1.slice(1, 0..<2) : $1 }, ["features.5.weight", "[any, 4, 3, 3]", "[5, 2, 3, 3]"]),
            ({ $0 == "features.0.weight" ? $1.slice(3, 0..<1) : $1 }, ["features.0.weight", "[4, 3, 3, 1]"]),
            ({ $0 == "lin2.model.1.weight" ? $1.slice(1, 0..<3) : $1 }, ["lin2.model.1.weight", "[1, 6, 1, 1]"]),
            ({ $0 == "lin3.model.1.weight" ? nil : $1 }, ["lin3.model.1.weight", "missing"]),
        ] as [((String, Tensor) -> Tensor?, [String])] {
            let folder = try Folder(change)
            let error = #expect(throws: InputError.self) { try VGGFeatures(folder.path) }
            for word in words { #expect(error?.description.contains(word) == true, "\(error?.description ?? "nothing")") }
        }
    }
}
