import Denoisers
import Diffusion
import Networks
import TestKit
import Tensors
import Testing

/// Networks whose output for a token does not depend on that token.
@Suite struct BlindNetworkTests {
    enum Kind: CaseIterable { case hollow, masked, energy }

    private static func configuration(_ time: TokenTransformerConfiguration.Time = .sinusoid) -> TokenTransformerConfiguration {
        var c = TokenTransformerConfiguration()
        (c.codes, c.rows, c.columns, c.dim, c.depth, c.heads) = (5, 2, 3, 12, 2, 3)
        (c.time, c.contextWidth) = (time, 7)
        return c
    }

    private static func network(_ kind: Kind, _ c: TokenTransformerConfiguration = configuration()) -> any TokenNetwork {
        let network: any TokenNetwork =
            switch kind {
            case .hollow: HollowTransformer(c)
            case .masked: MaskedForm(c)
            case .energy: EnergyForm(c)
            }
        // Nothing stays zero, so that every part takes part.
        for p in network.parameters() { p.set(Noise(seed: 8)(p.name).normal(p.shape) * 0.4) }
        return network
    }

    private static let words = EncodedText(
        averaging: Noise(seed: 4).normal([2, 3, 7]), mask: Tensor([1, 1, 1, 1, 1, 0], [2, 3]))
    private static let x = Tokens([0, 3, 1, 4, 2, 2, 1, 1, 0, 3, 4, 0], [2, 6])

    private static func said(_ network: any TokenNetwork, _ x: Tokens) -> Tensor {
        network(x, t: [3, 70.5], classes: nil, text: words, scope: nil)
    }

    @Test(arguments: Kind.allCases)
    func `what is said of a token does not depend on it, but on every other`(_ kind: Kind) {
        let network = Self.network(kind)
        // Where nothing is to be differentiated, a row's bits do not depend on how many there are.
        func said(_ x: Tokens) -> Tensor { withoutGradients { Self.said(network, x) } }
        let before = said(Self.x)
        #expect(before.shape == [2, 6, 5])
        for d in 0..<6 {
            for value in [1, 2, 5] as [Int32] {
                // A mask alone changes the number of passes of an energy, never what is said.
                var changed = Self.x
                changed.values[d] = value
                if changed == Self.x { continue }
                let after = said(changed)
                expectIdentical(after.slice(0, 1..<2), before.slice(0, 1..<2), "\(kind): the other sample")
                for n in 0..<6 {
                    let (a, b) = (after.slice(0, 0..<1).slice(1, n..<n + 1), before.slice(0, 0..<1).slice(1, n..<n + 1))
                    if n == d {
                        expectIdentical(a, b, "\(kind): token \(d) of itself")
                    } else {
                        #expect((a - b).abs().values.max()! > 1e-4, "\(kind): token \(n) of \(d)")
                    }
                }
            }
        }
    }

    @Test(arguments: Kind.allCases, [TokenTransformerConfiguration.Time.none, .sinusoid, .table])
    func `every parameter takes part, words and times change what is said`(
        _ kind: Kind, _ time: TokenTransformerConfiguration.Time
    ) {
        let network = Self.network(kind, Self.configuration(time))
        let parameters = network.parameters().filter { $0.name.hasSuffix("nullText") == false }
        let weights = Noise(seed: 6).normal([2, 6, 5])
        let slopes = gradients(of: (Self.said(network, Self.x) * weights).sum(), wrt: parameters.map(\.value))
        for (p, slope) in zip(parameters, slopes) {
            // An energy's own offset is in all of a token's logits alike.
            if kind == .energy && p.name == "network.output.bias" { continue }
            #expect(slope.abs().values.max()! > 0, "\(kind), \(time): \(p.name)")
        }
        let plain = Self.said(network, Self.x)
        let dropped = network.dropping(Self.words, keeps: Tensor([0, 1], [2]))
        let other = network(Self.x, t: [3, 70.5], classes: nil, text: dropped, scope: nil)
        #expect((other - plain).slice(0, 0..<1).abs().values.max()! > 1e-4)
        expectIdentical(other.slice(0, 1..<2), plain.slice(0, 1..<2))
        if time != .none {
            let later = network(Self.x, t: [9, 70.5], classes: nil, text: Self.words, scope: nil)
            #expect((later - plain).slice(0, 0..<1).abs().values.max()! > 1e-4)
        }
    }

    @Test func `the masked form says what its Transformer says of a hidden token, the energy form what it sums to`() {
        func twin(_ form: any TokenNetwork, outputs: Int?) -> TokenTransformer {
            var c = Self.configuration()
            c.outputs = outputs
            let twin = TokenTransformer(c)
            let source = Dictionary(uniqueKeysWithValues: form.parameters().map { ($0.name, $0.value) })
            for p in twin.parameters() { p.set(source["network." + p.name]!) }
            return twin
        }
        let (masked, energy) = (Self.network(.masked), Self.network(.energy))
        let (hidden, scalar) = (twin(masked, outputs: nil), twin(energy, outputs: 1))
        let (ofMasked, ofEnergy) = (Self.said(masked, Self.x), Self.said(energy, Self.x))
        for d in 0..<6 {
            var x = Self.x
            for b in 0..<2 { x.values[b * 6 + d] = 5 }
            expectClose(ofMasked.slice(1, d..<d + 1), Self.said(hidden, x).slice(1, d..<d + 1), relative: 1e-5)
            for v in 0..<5 {
                for b in 0..<2 { x.values[b * 6 + d] = Int32(v) }
                let sum = Self.said(scalar, x).sum(1)  // [2, 1]
                expectClose(ofEnergy.slice(1, d..<d + 1).slice(2, v..<v + 1).reshaped([2, 1]), sum, relative: 1e-5)
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `classes are heard, and a run's memory changes nothing`(_ kind: Kind) {
        var c = Self.configuration()
        (c.contextWidth, c.classes) = (0, 3)
        let network = Self.network(kind, c)
        func said(_ labels: [Int], _ scope: RunScope? = nil) -> Tensor {
            withoutGradients { network(Self.x, t: [3, 70.5], classes: labels, text: nil, scope: scope) }
        }
        let scope = RunScope(times: [3])
        expectIdentical(said([0, 2], scope), said([0, 2]))
        expectIdentical(said([0, 2], scope), said([0, 2]))
        #expect((said([1, 2]) - said([0, 2])).abs().values.max()! > 1e-4)
        #expect(network.nullClass == 3)
    }
}
