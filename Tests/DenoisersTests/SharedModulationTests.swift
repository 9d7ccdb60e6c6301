import Denoisers
import Tensors
import TestKit
import Testing

/// adaLN-single is DiT whose blocks happen to hold the same modulation weights, each with its own bias.
@Suite struct SharedModulationTests {
    private static func model(_ modulation: DiTConfiguration.Modulation) -> DiffusionTransformer {
        var c = DiTConfiguration()
        (c.height, c.width, c.channels, c.patch) = (6, 4, 3, 2)
        (c.dim, c.depth, c.heads, c.classes) = (24, 3, 3, 5)
        c.modulation = modulation
        let model = DiffusionTransformer(c)
        // Nothing stays zero, so that every part takes part.
        for p in model.parameters() { p.set(Noise(seed: 8)(p.name).normal(p.shape) * 0.3) }
        return model
    }

    private static func values(_ model: DiffusionTransformer) -> [String: Parameter] {
        Dictionary(uniqueKeysWithValues: model.parameters().map { ($0.name, $0) })
    }

    /// A per-block model with the weights of the shared one.
    private static func twin(of shared: DiffusionTransformer) -> DiffusionTransformer {
        let twin = model(.block)
        let source = values(shared)
        for (name, parameter) in values(twin) {
            if let same = source[name] {
                parameter.set(same.value)
            } else if name.hasSuffix("modulation.weight") {
                parameter.set(source["sharedModulation.weight"]!.value)
            } else {
                let offset = source[name.replacing("modulation.bias", with: "offset")]!.value
                parameter.set(source["sharedModulation.bias"]!.value + offset)
            }
        }
        return twin
    }

    private let x = Noise(seed: 1).normal([2, 6, 4, 3])

    @Test func `output equals that of blocks with equal weights`() {
        let shared = Self.model(.shared)
        let out = shared(x, t: [3, 700.5], classes: [1, 4])
        expectClose(out, Self.twin(of: shared)(x, t: [3, 700.5], classes: [1, 4]), relative: 1e-5)
        #expect(shared.parameterCount < Self.model(.block).parameterCount)
    }

    @Test func `gradients are the sums over those blocks'`() {
        let shared = Self.model(.shared)
        let twin = Self.twin(of: shared)
        let weight = Noise(seed: 2).normal([2, 6, 4, 6])
        func all(_ model: DiffusionTransformer) -> [String: Tensor] {
            let parameters = model.parameters()
            let loss = (model(x, t: [3, 700.5], classes: [1, 4]) * weight).sum()
            return Dictionary(
                uniqueKeysWithValues: zip(parameters.map(\.name), gradients(of: loss, wrt: parameters.map(\.value))))
        }
        let (found, wanted) = (all(shared), all(twin))
        for kind in ["weight", "bias"] {
            let sum = (0..<3).map { wanted["blocks.\($0).modulation.\(kind)"]! }.reduce(Tensor(0)) { $0 + $1 }
            expectClose(found["sharedModulation.\(kind)"]!, sum, relative: 2e-5, kind)
        }
        for i in 0..<3 {
            expectClose(found["blocks.\(i).offset"]!, wanted["blocks.\(i).modulation.bias"]!, relative: 2e-5, "block \(i)")
        }
    }

    @Test func `a new model is the identity but for its output layer`() {
        var c = DiTConfiguration()
        (c.height, c.width, c.channels, c.dim, c.depth, c.heads, c.modulation) = (4, 4, 2, 16, 2, 2, .shared)
        let model = DiffusionTransformer(c)
        model.initialize(Noise(seed: 4))
        let offsets = model.parameters().filter { $0.name.hasSuffix("offset") || $0.name.hasPrefix("sharedModulation") }
        #expect(offsets.count == 4)
        #expect(offsets.allSatisfy { $0.value.values.allSatisfy { $0 == 0 } })
    }
}
