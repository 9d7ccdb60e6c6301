import Codecs
import Networks
import Tensors
import TestKit
import Testing

/// diffusers' VQModel: `Tests/Goldens/vq.py`.
@Suite struct VQParityTests {
    private func codec(_ form: NearestCodeConfiguration.Form, _ learning: NearestCodeConfiguration.Learning) throws -> VQVAE {
        var c = VQVAEConfiguration()
        c.network = fixtureNetwork(4, [1, 2], latent: 3, groups: 2)
        (c.quantizer.codes, c.quantizer.form, c.quantizer.learning) = (16, form, learning)
        c.reconstruction = ReconstructionLoss(l1: 0, l2: 1)
        let codec = VQVAE(c)
        let file = try Goldens.open("vq.safetensors")
        try AutoencoderKeys(codec).load(into: codec) { key throws(InputError) in
            file[key] == nil ? nil : try file.tensor(key)
        }
        return codec
    }

    private func batch() throws -> Batch {
        let x = channelsLast(try Goldens.open("vq.safetensors").tensor("x"))
        return Batch(pictures: x, places: [Noise(seed: 0), Noise(seed: 1)])
    }

    @Test(arguments: NearestCodeConfiguration.Learning.allCases)
    func `vectors, tokens and decoded pictures are those of diffusers`(_ learning: NearestCodeConfiguration.Learning) throws {
        let golden = try Goldens.open("vq.safetensors")
        let codec = try codec(.paper, learning)
        let x = try #require(batch().pictures)
        expectClose(codec.vectors(of: x), channelsLast(try golden.tensor("h")), "vectors")
        guard case .tokens(let tokens) = codec.encode(x) else {
            Issue.record("a VQ-VAE encodes to tokens")
            return
        }
        let indices = try golden.tokens("indices")
        #expect(tokens == indices)
        expectIdentical(codec.quantizer.vectors(of: tokens), channelsLast(try golden.tensor("quantized")), "quantized")
        expectClose(codec.decode(.tokens(tokens)), channelsLast(try golden.tensor("decoded")), "decoded")
        expectClose(codec.decode(.tokens(tokens.reshaped([2, 64]))), channelsLast(try golden.tensor("decoded")), "a sequence")
    }

    @Test(arguments: NearestCodeConfiguration.Form.allCases)
    func `losses and gradients are those of PyTorch with beta on either side`(_ form: NearestCodeConfiguration.Form) throws {
        let golden = try Goldens.open("vq.safetensors")
        let codec = try codec(form, .gradient)
        let parameters = codec.parameters()
        let report = codec.loss(try batch(), step: 0)
        expectClose(report.loss, try golden.tensor("\(form.rawValue).loss"), relative: 1e-5, "loss")
        expectClose(
            try #require(report.sums["commitment"]) / 2, try golden.tensor("\(form.rawValue).codebook_loss"), relative: 1e-5)
        let found = gradients(of: report.loss, wrt: parameters.map(\.value))
        var compared = 0
        for tensor in AutoencoderKeys(codec).tensors {
            let key = "\(form.rawValue).grad.\(tensor.keys[0])"
            guard golden[key] != nil else { continue }
            let i = try #require(parameters.firstIndex { $0.name == tensor.path })
            expectClose(found[i], tensor.converted(try golden.tensor(key)), absolute: 1e-7, key)
            compared += 1
        }
        #expect(compared == 5)
    }

    @Test func `the two forms differ as beta says`() throws {
        let (paper, legacy) = (try codec(.paper, .gradient), try codec(.legacy, .gradient))
        let table = paper.parameter("quantizer.table")
        let other = legacy.parameter("quantizer.table")
        // Only the pull on codes: the reconstruction does not reach them.
        let pull = gradients(of: paper.loss(try batch(), step: 0).loss, wrt: [table.value])[0]
        let weak = gradients(of: legacy.loss(try batch(), step: 0).loss, wrt: [other.value])[0]
        expectClose(pull * 0.25, weak, relative: 1e-5)
        #expect((pull.values.map(abs).max() ?? 0) > 0)
    }
}
