import Codecs
import Media
import Networks
import TestKit
import Tensors
import Testing
import Training

@Suite struct LatentCacheTests {
    /// Pictures of noise, one of which may be missing.
    private struct Noisy: Dataset {
        let count: Int
        var missing = -1
        let classNames: [String] = []

        func example(_ index: Int, epoch: Int) -> Example {
            guard index != missing else { return Example(name: "\(index)") }
            let noise = Noise(seed: 3)(index)
            return Example(
                picture: Picture(
                    width: 16, height: 16, channels: 3, pixels: (0..<16 * 16 * 3).map { UInt8(noise($0).integer(below: 256)) }),
                name: "\(index)")
        }
    }

    private func network() -> ConvCodecConfiguration {
        var c = ConvCodecConfiguration()
        c.mediaShape = [16, 16, 3]
        (c.channels, c.multipliers, c.latentChannels, c.groups) = (16, [1, 2], 4, 8)
        return c
    }

    /// With three threads, five at a time: more pictures than that, and not a multiple.
    private func cached(_ codec: any Codec, _ folder: String, _ data: Noisy = Noisy(count: 37)) throws -> LatentCache {
        let before = Compute.threads
        defer { Compute.threads = before }
        Compute.threads = 3
        return try LatentCache.open(data, codec: codec, key: "a key", folder: folder, batch: 5)
    }

    @Test func `latents in the cache are those of each picture by itself, in order, and read back the same`() throws {
        let folder = TemporaryFolder()
        var c = VQVAEConfiguration()
        (c.network, c.quantizer) = (network(), .nearest { $0.codes = 64 })
        var k = KLAutoencoderConfiguration()
        k.network = network()
        let (vq, kl) = (VQVAE(c), KLAutoencoder(k))
        let data = Noisy(count: 37)
        for codec in [vq, kl] as [any Codec] {
            codec.module.initialize(Noise(seed: 1))
            let place = folder.path + "/\(type(of: codec))"
            let made = try cached(codec, place)
            for index in [0, 4, 5, 17, 36] {
                let picture = try #require(data.example(index, epoch: 0).picture)
                switch withoutGradients({ codec.encode(Tensor([picture])) }) {
                case .tokens(let tokens):
                    let all = try #require(made.tokens)
                    #expect(Array(all.values[index * 64..<(index + 1) * 64]) == tokens.values, "\(index)")
                case .moments(let mean, let logVariance):
                    let all = try #require(made.moments)
                    expectIdentical(all.slice(0, index..<index + 1), concatenated([mean, logVariance], axis: 3))
                }
            }
            let again = try cached(codec, place)
            #expect(again.tokens?.values == made.tokens?.values)
            #expect(again.moments?.values == made.moments?.values)
        }
    }

    @Test func `a data set that lacks a picture is refused by its number, and leaves no file`() throws {
        let folder = TemporaryFolder()
        var c = KLAutoencoderConfiguration()
        c.network = network()
        let codec = KLAutoencoder(c)
        let error = #expect(throws: InputError.self) {
            _ = try cached(codec, folder.path + "/cache", Noisy(count: 37, missing: 23))
        }
        #expect(error?.description.contains("example 23 ") == true)
        #expect(folder.names.isEmpty)
    }
}
