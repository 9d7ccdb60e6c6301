import Codecs
import Networks
import Tensors
import TestKit
import Testing

/// The discriminator and its losses against `Tests/Goldens/discriminator.py`, and what its pictures go through.
@Suite struct PatchDiscriminatorTests {
    private typealias Configuration = PatchDiscriminatorConfiguration

    private func discriminator(_ norm: PatchDiscriminatorConfiguration.Norm) -> PatchDiscriminator {
        var c = Configuration()
        (c.channels, c.layers, c.norm) = (4, 2, norm)
        return PatchDiscriminator(c)
    }

    @Test(arguments: [PatchDiscriminatorConfiguration.Norm.group, .none])
    func `logits, losses and gradients are PyTorch's`(_ norm: PatchDiscriminatorConfiguration.Norm) {
        let (golden, kind) = (Golden("discriminator"), norm.rawValue)
        let d = discriminator(norm)
        let kernels = (0..<4).map { $0 < 3 ? "layers.\($0).conv" : "output" }
        for (i, layer) in kernels.enumerated() {
            d.parameter(layer + ".weight").set(channelsLast(golden["\(kind).\(i).weight"]))
            d.parameter(layer + ".bias").set(golden["\(kind).\(i).bias"])
        }
        if norm == .group {
            for i in [1, 2] {
                for part in ["weight", "bias"] {
                    d.parameter("layers.\(i).norm.\(part)").set(golden["\(kind).\(i).norm.\(part)"])
                }
            }
        }
        #expect(d.parameters().count == (norm == .group ? 12 : 8))
        let y = channelsLast(golden["y"]).requiringGradient()
        let (real, fake) = (d(channelsLast(golden["x"])), d(y))
        expectClose(real, channelsLast(golden["\(kind).real"]), relative: 1e-5, "real")
        expectClose(fake, channelsLast(golden["\(kind).fake"]), relative: 1e-5, "fake")
        for (loss, name) in [(AdversarialLoss.hinge, "hinge"), (.nonSaturating, "vanilla")] {
            expectClose(
                loss.discriminator(real: real, fake: fake), golden["\(kind).\(name).discriminator"], relative: 1e-5, name)
            expectClose(loss.generator(fake: fake), golden["\(kind).\(name).generator"], relative: 1e-5, name)
        }
        let generator = AdversarialLoss.hinge.generator(fake: fake)
        let gy = gradients(of: generator, wrt: [y], retaining: true)[0]
        expectClose(gy, channelsLast(golden["\(kind).grad.y"]), relative: 1e-5, "gradient of y")
        let weights = kernels.map { d.parameter($0 + ".weight").value }
        let found = gradients(of: AdversarialLoss.hinge.discriminator(real: real, fake: fake), wrt: weights)
        for (i, gradient) in found.enumerated() {
            expectClose(gradient, channelsLast(golden["\(kind).grad.\(i).weight"]), relative: 2e-5, "layer \(i)")
        }
    }

    @Test func `it judges as many positions as it says, of odd sizes too`() {
        for (layers, size) in [(1, 9), (2, 16), (3, 35), (3, 24)] {
            var c = Configuration()
            (c.mediaChannels, c.channels, c.layers) = (2, 2, layers)
            let wide = size + 7
            #expect(
                PatchDiscriminator(c)(.zeros([1, size, wide, 2])).shape == [1, c.positions(size), c.positions(wide), 1])
        }
        var c = Configuration()
        c.layers = 3
        #expect(c.positions(23) == 0 && c.positions(24) == 1 && c.positions(1) == 0)
    }

    @Test func `changes are differentiable, an example's own, and what they are called`() {
        let places = (0..<3).map { Noise(seed: 9)($0) }
        let x = Noise(seed: 4).normal([3, 9, 11, 3])
        for change in PictureChange.allCases {
            gradientCheck("\(change)", [x]) { change($0[0], places) }
            let whole = change(x, places)
            #expect(whole.shape == x.shape)
            expectIdentical(change(x.slice(0, 1..<2), [places[1]]), whole.slice(0, 1..<2))
            #expect(change(x, places.map { $0("other") }).values != whole.values)
        }
        // Colours by hand, from the numbers drawn.
        let colored = PictureChange.color(x, places).values
        for b in 0..<3 {
            let u = places[b]("color").uniform([3]).values
            var picture = Array(x.values[b * 297..<(b + 1) * 297]).map { $0 + u[0] - 0.5 }
            for p in 0..<99 {
                let gray = (picture[3 * p] + picture[3 * p + 1] + picture[3 * p + 2]) / 3
                for c in 0..<3 { picture[3 * p + c] = (picture[3 * p + c] - gray) * 2 * u[1] + gray }
            }
            let mean = picture.reduce(0, +) / 297
            picture = picture.map { ($0 - mean) * (u[2] + 0.5) + mean }
            expectClose(Tensor(Array(colored[b * 297..<(b + 1) * 297]), [297]), Tensor(picture, [297]), relative: 1e-5)
        }
        // A moved picture is the original beside zeros, by at most an eighth; every move occurs.
        var moves: Set<[Int]> = []
        for i in 0..<60 {
            let moved = PictureChange.translation(x.slice(0, 0..<1), [Noise(seed: 10)(i)]).values
            let original = x.values
            var found: [Int]?
            for dy in -1...1 {
                for dx in -1...1 {
                    var isSame = true
                    for r in 0..<9 {
                        for c in 0..<11 {
                            let (sr, sc) = (r + dy, c + dx)
                            let isInside = (0..<9).contains(sr) && (0..<11).contains(sc)
                            for k in 0..<3 where isSame {
                                isSame = moved[(r * 11 + c) * 3 + k] == (isInside ? original[(sr * 11 + sc) * 3 + k] : 0)
                            }
                        }
                    }
                    if isSame { found = [dy, dx] }
                }
            }
            guard let found else {
                Issue.record("draw \(i) is no translation")
                continue
            }
            moves.insert(found)
        }
        #expect(moves.count == 9)
    }
}
