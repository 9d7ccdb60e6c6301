import Networks
import Tensors
import TestKit
import Testing

/// The networks that sounds are compared through, against `Tests/Goldens/hearing.py`, whose fixtures are files of the kind that is loaded.
@Suite struct HearingTests {
    /// A folder with a fixture's tensors, some of them changed or left out.
    private func weights(_ name: String, _ change: (String, Tensor) -> Tensor? = { $1 }) throws -> ConvertedWeights {
        let folder = TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let golden = Golden(name)
        var writer = SafetensorsWriter()
        for name in golden.names {
            if let kept = change(name, golden[name]) { writer.add(name, kept) }
        }
        try writer.write(to: folder.path + "/weights.safetensors")
        return try ConvertedWeights(folder.path, wanted: "weights")
    }

    @Test func `VGGish sees in patches what the published program sees`() throws {
        let golden = Golden("vggish")
        let network = try VGGish(weights("vggish"))
        expectClose(network(golden["patches"].unsqueezed(3)), golden["vectors"], relative: 1e-4)
    }

    @Test func `Melception's features and answers are torchvision's, normalised where the files say how`() throws {
        let golden = Golden("melception")
        let x = golden["x"].permuted([0, 2, 1]).unsqueezed(3)
        let (vectors, logits) = try Melception(weights("melception"))(x)
        expectClose(vectors, golden["vectors"], relative: 1e-4, "vectors")
        expectClose(logits, golden["logits"], relative: 1e-4, "logits")
        let plain = try Melception(weights("melception") { $0.hasPrefix("mel.") ? nil : $1 })
        let (mean, deviation) = (golden["mel.mean"].unsqueezed(1), golden["mel.std"].unsqueezed(1))
        expectClose(plain((x - mean) / deviation).vectors, golden["vectors"], relative: 1e-4, "already normalised")
    }

    @Test func `weights that do not fit are refused by name`() throws {
        func message(_ make: () throws -> Void) -> String { #expect(throws: InputError.self) { try make() }?.description ?? "" }
        let short = message {
            _ = try VGGish(weights("vggish") { $0 == "embeddings.0.weight" ? $1.slice(1, 0..<119) : $1 })
        }
        #expect(short.contains("embeddings.0.weight") && short.contains("[any, 120]") && short.contains("119"), "\(short)")
        let missing = message { _ = try Melception(weights("melception") { $0 == "Mixed_6c.branch7x7_2.bn.bias" ? nil : $1 }) }
        #expect(missing.contains("Mixed_6c.branch7x7_2.bn.bias is missing"), "\(missing)")
        #expect(message { _ = try ConvertedWeights("/nowhere", wanted: "weights of a kind") }.contains("weights of a kind"))
    }
}
