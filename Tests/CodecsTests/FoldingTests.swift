import Codecs
import Networks
import Tensors
import TestKit
import Testing

/// Codecs whose latents are finer along one side than along the other, as sound has them.
@Suite struct FoldingTests {
    private func codec(_ patch: [Int], norm: ConvCodecConfiguration.Norm = .position) -> VQVAE {
        var c = VQVAEConfiguration()
        c.network.mediaShape = [96, 32, 1]
        c.network.patch = patch
        (c.network.channels, c.network.multipliers, c.network.latentChannels) = (6, [1, 1, 2], 4)
        (c.network.norm, c.network.middleAttention) = (norm, false)
        c.quantizer = .nearest { $0.codes = 64 }
        let codec = VQVAE(c)
        codec.initialize(Noise(seed: 5))
        return codec
    }

    @Test func `a patch makes latents as coarse as its sides`() {
        for (patch, grid) in [([1, 1], [24, 8]), ([1, 2], [24, 4]), ([3, 4], [8, 2])] {
            let codec = codec(patch)
            #expect(codec.latents.shape == grid)
            let x = Noise(seed: 1).normal([2, 96, 32, 1])
            #expect(codec.vectors(of: x).shape == [2] + grid + [4])
            #expect(codec.decode(codec.encode(x)).shape == x.shape)
        }
    }

    @Test func `sizes that a patch does not divide are refused by name`() {
        var c = ConvCodecConfiguration()
        (c.mediaShape, c.multipliers, c.patch) = ([96, 36, 1], [1, 1, 1], [1, 2])
        #expect(throws: InputError.self) { try c.check() }
        c.patch = [1, 0]
        #expect(throws: InputError.self) { try c.check() }
        c.patch = [1, 3]
        #expect(throws: Never.self) { try c.check() }
    }

    /// Diffsound reads tokens column by column of the spectrogram, all bands of a moment one after the other: with frames first that is
    /// the order of memory. In the order of bands a moment's tokens would lie apart.
    @Test func `what happens at one moment changes the tokens of that moment alone, and they follow each other`() throws {
        let codec = codec([1, 2])
        let quiet = Tensor.zeros([1, 96, 32, 1]) - 1
        var values = quiet.values
        for frame in 48..<56 { for band in 0..<32 { values[frame * 32 + band] = Float(band % 3) - 1 } }
        func vectors(_ x: Tensor) -> [Float] { withoutGradients { codec.vectors(of: x) }.values }
        let (before, after) = (vectors(quiet), vectors(Tensor(values, [1, 96, 32, 1])))
        let changed = (0..<96).filter { token in (0..<4).contains { before[token * 4 + $0] != after[token * 4 + $0] } }
        // 24 moments of 4 tokens; frames 48 to 55 are moments 12 and 13, and convolutions reach a few moments around.
        let moments = Set(changed.map { $0 / 4 })
        #expect(moments.isSuperset(of: [12, 13]) && moments.min()! >= 7 && moments.max()! <= 18, "\(moments.sorted())")
        #expect(changed == Array(changed[0]...changed[changed.count - 1]))
    }
}
