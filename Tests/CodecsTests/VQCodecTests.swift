import Codecs
import Networks
import Tensors
import TestKit
import Testing

/// Encoding, decoding and the loss of a codec with diffusers' VQModel inside: `Tests/Goldens/vq.py`.
@Suite struct VQCodecTests {
    private func codec(_ form: NearestCodeConfiguration.Form, _ learning: NearestCodeConfiguration.Learning)
        throws -> VQVAE
    {
        var c = VQVAEConfiguration()
        c.network = fixtureNetwork(4, [1, 2], latent: 3, groups: 2)
        c.quantizer = .nearest { ($0.codes, $0.form, $0.learning) = (16, form, learning) }
        c.reconstruction = ReconstructionLoss(l1: 0, l2: 1)
        let codec = VQVAE(c)
        let file = try Goldens.open("vq.safetensors")
        try AutoencoderKeys(codec).load(into: codec) { key throws(InputError) in
            file[key] == nil ? nil : try file.tensor(key)
        }
        return codec
    }

    @Test(arguments: NearestCodeConfiguration.Learning.allCases)
    func `vectors, tokens and decoded pictures are those of diffusers`(
        _ learning: NearestCodeConfiguration.Learning
    ) throws {
        let golden = try Goldens.open("vq.safetensors")
        let codec = try codec(.paper, learning)
        let x = channelsLast(try golden.tensor("x"))
        expectClose(codec.vectors(of: x), channelsLast(try golden.tensor("h")), "vectors")
        guard case .tokens(let tokens) = codec.encode(x) else {
            Issue.record("a VQ-VAE encodes to tokens")
            return
        }
        let indices = try golden.tokens("indices")
        #expect(tokens == indices)
        expectIdentical(
            codec.quantizer.vectors(of: tokens), channelsLast(try golden.tensor("quantized")), "quantized")
        expectClose(codec.decode(.tokens(tokens)), channelsLast(try golden.tensor("decoded")), "decoded")
        expectClose(
            codec.decode(.tokens(tokens.reshaped([2, 64]))), channelsLast(try golden.tensor("decoded")),
            "a sequence")
    }

    @Test(arguments: NearestCodeConfiguration.Form.allCases)
    func `the codec's own loss is PyTorch's, with beta on either side`(_ form: NearestCodeConfiguration.Form)
        throws
    {
        let golden = try Goldens.open("vq.safetensors")
        let places = [Noise(seed: 0), Noise(seed: 1)]
        let report = try codec(form, .gradient).loss(
            Batch(media: channelsLast(golden.tensor("x")), places: places), step: 0)
        expectClose(report.loss, try golden.tensor("\(form.rawValue).loss"), relative: 1e-5, "loss")
        let tie = try #require(report.sums["commitment"]) / 2
        expectClose(tie, try golden.tensor("\(form.rawValue).codebook_loss"), relative: 1e-5, "codebook loss")
    }
}
