import Codecs
import Tensors
import TestKit
import Testing

/// The image codecs against diffusers in float64, on diffusers' weights, by the names the product itself reads.
@Suite struct DiffusersParityTests {
    private static func network(_ channels: Int, groups: Int, latents: Int) -> ConvCodecConfiguration {
        var c = ConvCodecConfiguration()
        (c.mediaShape, c.channels, c.multipliers) = ([16, 16, 3], channels, [1, 2])
        (c.groups, c.latentChannels) = (groups, latents)
        return c
    }

    /// A lookup over fixtures that hold different names.
    private static func lookup(_ fixtures: Golden...) -> (String) throws(InputError) -> Tensor? {
        let places = fixtures.map { ($0, Set($0.names)) }
        return { name in places.first { $0.1.contains(name) }.map { $0.0[name] } }
    }

    /// Gradients by our paths, compared in diffusers' layout.
    private static func expectGradients(
        _ module: Module, _ keys: AutoencoderKeys, of loss: Tensor, prefix: String, _ fixtures: Golden...
    ) -> Int {
        let parameters = module.parameters()
        let found = gradients(of: loss, wrt: parameters.map(\.value))
        let byPath = Dictionary(uniqueKeysWithValues: zip(parameters.map(\.name), found))
        var compared = 0
        for tensor in keys.tensors {
            let name = prefix + tensor.keys[0]
            guard let fixture = fixtures.first(where: { $0.names.contains(name) }), let ours = byPath[tensor.path] else {
                continue
            }
            expectClose(tensor.exported(ours), fixture[name], relative: 5e-5, absolute: 2e-7, name)
            compared += 1
        }
        return compared
    }

    @Test func `the KL autoencoder encodes, decodes and learns as diffusers'`() throws {
        let (front, back) = (Golden("kl"), Golden("kl_decoder"))
        var c = KLAutoencoderConfiguration()
        c.network = Self.network(8, groups: 4, latents: 4)
        let codec = KLAutoencoder(c)
        let keys = AutoencoderKeys(codec)
        let used = try keys.load(into: codec, from: Self.lookup(front, back))
        let results: Set = ["x", "moments", "noise", "z", "decoded", "reconstruction", "kl", "loss"]
        #expect(used == Set(front.names + back.names).subtracting(results))

        let x = channelsLast(front["x"])
        let (mean, logVariance) = codec.rawMoments(x)
        let moments = concatenated([mean, logVariance], axis: 3)
        expectClose(moments, channelsLast(front["moments"]), relative: 2e-5, "moments")
        let z = mean + (logVariance * 0.5).exp() * channelsLast(front["noise"])
        expectClose(z, channelsLast(front["z"]), relative: 2e-5, "z")
        let decoded = codec.decodedRaw(z)
        expectClose(decoded, channelsLast(back["decoded"]), relative: 2e-5, "decoded")

        let reconstruction = (decoded - x).square().mean()
        let kl = ((mean.square() + logVariance.exp() - logVariance - 1).sum([1, 2, 3]) * 0.5).mean()
        let loss = reconstruction + kl * 1e-2
        expectClose(reconstruction, back["reconstruction"], relative: 1e-5, "reconstruction")
        expectClose(kl, back["kl"], relative: 1e-5, "kl")
        expectClose(loss, back["loss"], relative: 1e-5, "loss")
        let fixtures = (Golden("kl_gradients"), Golden("kl_decoder_gradients"))
        let compared = Self.expectGradients(codec, keys, of: loss, prefix: "grad.", fixtures.0, fixtures.1)
        #expect(compared == fixtures.0.names.count + fixtures.1.names.count)
    }

    @Test(arguments: [NearestCodeConfiguration.Form.legacy, .paper])
    func `the VQ-VAE chooses codes and learns as diffusers'`(_ form: NearestCodeConfiguration.Form) throws {
        let golden = Golden("vq")
        var c = VQVAEConfiguration()
        c.network = Self.network(4, groups: 2, latents: 3)
        c.quantizer = .nearest { ($0.codes, $0.learning, $0.form) = (16, .gradient, form) }
        let codec = VQVAE(c)
        let keys = AutoencoderKeys(codec)
        let used = try keys.load(into: codec, from: Self.lookup(golden))
        let weights = golden.names.filter { $0.hasPrefix("encoder.") || $0.hasPrefix("decoder.") || $0.contains("quant_conv") }
        #expect(used == Set(weights.filter { !$0.contains(".grad.") } + ["quantize.embedding.weight"]))

        let x = channelsLast(golden["x"])
        let h = codec.vectors(of: x)
        expectClose(h, channelsLast(golden["h"]), relative: 2e-5, "h")
        let quantized = codec.quantizer.quantize(h, places: [], step: 0)
        #expect(quantized.tokens == golden.tokens("indices"))
        expectClose(quantized.vectors, channelsLast(golden["quantized"]), relative: 1e-6, "quantized")
        let decoded = codec.decoded(quantized.vectors)
        expectClose(decoded, channelsLast(golden["decoded"]), relative: 2e-5, "decoded")
        let loss = (decoded - x).square().mean() + quantized.loss
        expectClose(quantized.loss, golden["\(form).codebook_loss"], relative: 2e-5, "codebook loss")
        expectClose(loss, golden["\(form).loss"], relative: 1e-5, "loss")
        let compared = Self.expectGradients(codec, keys, of: loss, prefix: "\(form).grad.", golden)
        #expect(compared == golden.names.count { $0.hasPrefix("\(form).grad.") })
    }
}
