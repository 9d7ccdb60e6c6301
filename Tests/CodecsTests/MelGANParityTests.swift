import Codecs
import Networks
import Tensors
import TestKit
import Testing

/// Generator, discriminators, losses and their gradients against `Tests/Goldens/melgan.py`, and published names.
@Suite struct MelGANParityTests {
    private let golden = Golden("melgan")

    private var configuration: MelGANConfiguration {
        var c = MelGANConfiguration()
        (c.bands, c.channels, c.ratios, c.blocks) = (5, 2, [3, 2], 2)
        return c
    }

    /// Values by the names of the published program, with other names for some.
    private func published(_ renamed: (String) -> String = { $0 }) -> [String: Tensor] {
        let names = golden.names.filter { $0.hasPrefix("generator.") }
        return Dictionary(uniqueKeysWithValues: names.map { (renamed(String($0.dropFirst(10))), golden[$0]) })
    }

    private func generator(_ file: [String: Tensor]) throws -> MelGANGenerator {
        let generator = MelGANGenerator(configuration)
        let used = try MelGANKeys(configuration).load(into: generator) { file[$0] }
        #expect(used == Set(file.keys), "every tensor of the file is used, and no other")
        return generator
    }

    /// `[O, I, K]` of PyTorch to a map's kernel of one row.
    private func kernel(_ x: Tensor) -> Tensor { x.permuted([0, 2, 1]).unsqueezed(1) }

    /// Our layers of the discriminators and the program's names of them.
    private var layers: [(key: String, path: String)] {
        (0..<2).flatMap { i in
            [("input", "0.1"), ("downsamples.0", "1.0"), ("downsamples.1", "2.0"), ("middle", "3.0"), ("output", "4")].map {
                layer, name in
                ("discriminator.model.disc_\(i).model.layer_\(name)", "scales.\(i).\(layer)")
            }
        }
    }

    private var discriminator: MelGANDiscriminator {
        var c = MelGANDiscriminatorConfiguration()
        (c.scales, c.channels, c.layers, c.factor, c.largestChannels) = (2, 4, 2, 2, 12)
        let d = MelGANDiscriminator(c)
        for (key, path) in layers {
            d.parameter(path + ".weight.direction").set(kernel(golden[key + ".weight_v"]))
            d.parameter(path + ".weight.length").set(golden[key + ".weight_g"].reshaped([-1]))
            d.parameter(path + ".bias").set(golden[key + ".bias"])
        }
        #expect(d.parameters().count == 3 * layers.count)
        return d
    }

    /// Gradients of a module against the fixture's, layer by layer.
    private func expectGradients(
        _ loss: Tensor, _ module: Module, _ layers: [(key: String, path: String, kernel: (Tensor) -> Tensor)], prefix: String
    ) {
        for part in [("weight.direction", "weight_v"), ("weight.length", "weight_g"), ("bias", "bias")] {
            let parameters = layers.map { module.parameter("\($0.path).\(part.0)").value }
            for ((key, _, kernel), found) in zip(layers, gradients(of: loss, wrt: parameters, retaining: true)) {
                let theirs = golden["\(prefix)\(key).\(part.1)"]
                let expected =
                    part.1 == "weight_v" ? kernel(theirs) : theirs.reshaped([-1])
                expectClose(found, expected, relative: 1e-4, absolute: 1e-6, "\(key) \(part.1)")
            }
        }
    }

    @Test func `sound, every map, losses and gradients are PyTorch's`() throws {
        let (g, d) = (try generator(published()), discriminator)
        let fake = g(golden["mel"].permuted([0, 2, 1]))
        expectClose(fake, golden["fake"].squeezed(1), relative: 1e-5, "made")
        let (judged, known) = (d(fake), d(golden["x"].squeezed(1)))
        for (name, scales) in [("fake", judged), ("real", known)] {
            #expect(scales.map(\.count) == [5, 5])
            for (i, scale) in scales.enumerated() {
                for (j, map) in scale.enumerated() {
                    let expected = golden["\(name).\(i).\(j)"].permuted([0, 2, 1])
                    expectClose(map.squeezed(1), expected, relative: 1e-5, "\(name) \(i) \(j)")
                }
            }
        }
        let terms = MelGAN.adversarial(judged, known.map { $0.map { $0.detached() } })
        expectClose(terms.adversarial, golden["loss.adversarial"], relative: 1e-5, "adversarial")
        expectClose(terms.features, golden["loss.features"], relative: 1e-5, "features")
        expectGradients(
            terms.adversarial + terms.features * 10, g,
            MelGANKeys(configuration).layers.map { ($0.key, $0.path, $0.kernel) }, prefix: "grad.generator.")
        let loss = MelGAN.judgement(real: known, fake: d(fake.detached()))
        expectClose(loss, golden["loss.discriminator"], relative: 1e-5, "discriminator")
        expectGradients(loss, d, layers.map { ($0.key, $0.path, kernel) }, prefix: "grad.")
    }

    @Test func `weights are read under today's names and as products too`() throws {
        let mel = golden["mel"].permuted([0, 2, 1])
        let expected = golden["fake"].squeezed(1)
        let renamed = published {
            $0.replacing("weight_g", with: "parametrizations.weight.original0")
                .replacing("weight_v", with: "parametrizations.weight.original1")
        }
        expectClose(try generator(renamed)(mel), expected, relative: 1e-5, "parametrisations")
        var fused = published()
        for key in MelGANKeys(configuration).layers.map(\.key) {
            let (g, v) = (fused.removeValue(forKey: key + ".weight_g")!, fused.removeValue(forKey: key + ".weight_v")!)
            fused[key + ".weight"] = v * (g / v.square().sum([1, 2], keep: true).sqrt())
        }
        expectClose(try generator(fused)(mel), expected, relative: 1e-5, "fused")
    }

    @Test func `a missing tensor and one of the wrong shape are named, and change nothing`() throws {
        let g = MelGANGenerator(configuration)
        g.scramble(3)
        let before = g.parameters().map { $0.value.values }
        for (key, change) in [
            ("model.7.weight_v", nil), ("model.12.bias", nil), ("model.5.shortcut.bias", Tensor.zeros([3])),
            ("model.4.block.2.weight_v", Tensor.zeros([4, 4, 5])),
        ] {
            var file = published()
            file[key] = change
            let error = #expect(throws: InputError.self) { try MelGANKeys(configuration).load(into: g) { file[$0] } }
            #expect(error.map { key.hasPrefix($0.place!) } == true, "\(key): \(error!)")
            #expect(g.parameters().map { $0.value.values } == before)
        }
    }

    @Test func `a folded weight follows its parts`() {
        let weight = WeightNorm([4, 1, 3, 2])
        weight.scramble(5)
        let folded = withoutGradients { weight.value }
        #expect(withoutGradients { weight.value }.storage === folded.storage, "made once")
        expectIdentical(folded, weight.value)
        weight.length.set(weight.length.value * 2)
        expectClose(withoutGradients { weight.value }, folded * 2, relative: 1e-6, "of a new length")
        weight.direction.set(weight.direction.value * 5)
        expectClose(withoutGradients { weight.value }, folded * 2, relative: 1e-6, "of a new direction")
    }
}
