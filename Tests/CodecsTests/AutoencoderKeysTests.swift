import Codecs
import Tensors
import TestKit
import Testing

/// Weights by foreign names: those of diffusers' AutoencoderKL in `Tests/Goldens/kl.py`, and older ones.
@Suite struct AutoencoderKeysTests {
    private func codec() throws -> KLAutoencoder {
        var c = KLAutoencoderConfiguration()
        c.network = fixtureNetwork(4, [2, 4], latent: 4, groups: 4)
        c.klWeight = 1e-2
        c.reconstruction = ReconstructionLoss(l1: 0, l2: 1)
        let codec = KLAutoencoder(c)
        let files = [try Goldens.open("kl.safetensors"), try Goldens.open("kl_decoder.safetensors")]
        let used = try AutoencoderKeys(codec).load(into: codec) { key throws(InputError) in
            for file in files where file[key] != nil { return try file.tensor(key) }
            return nil
        }
        let weights = files.flatMap { $0.entries.map(\.name) }.filter {
            $0.hasSuffix(".weight") || $0.hasSuffix(".bias")
        }
        #expect(used == Set(weights), "every weight of the files is used, and no other")
        return codec
    }

    @Test func `the codec's own loss is PyTorch's`() throws {
        let (front, back) = (try Goldens.open("kl.safetensors"), try Goldens.open("kl_decoder.safetensors"))
        let loss = try codec().loss(
            channelsLast(front.tensor("x")), noise: channelsLast(front.tensor("noise")))
        expectClose(loss.total, try back.tensor("loss"), relative: 1e-5, "loss")
        expectClose(loss.reconstruction, try back.tensor("reconstruction"), relative: 1e-5, "reconstruction")
        expectClose(loss.kl.mean(), try back.tensor("kl"), relative: 1e-5, "kl")
        expectClose(loss.decoded, channelsLast(try back.tensor("decoded")), "decoded")
    }

    @Test func `exported tensors are the files' own`() throws {
        let codec = try codec()
        let parameters = codec.parameters()
        let files = [try Goldens.open("kl.safetensors"), try Goldens.open("kl_decoder.safetensors")]
        for tensor in AutoencoderKeys(codec).tensors {
            let ours = try #require(parameters.first { $0.name == tensor.path })
            let file = try #require(files.first { $0[tensor.keys[0]] != nil })
            expectIdentical(tensor.exported(ours.value), try file.tensor(tensor.keys[0]), tensor.keys[0])
        }
    }

    @Test func `the names of CompVis and of older diffusers are read too`() throws {
        let codec = try codec()
        let parameters = codec.parameters()
        let before = parameters.map { $0.value.values }
        let keys = AutoencoderKeys(codec)
        for age in [1, 2] {
            var file: [String: Tensor] = [:]
            for tensor in keys.tensors {
                let ours = parameters.first { $0.name == tensor.path }!.value
                // A 1 x 1 convolution, as both had it.
                var x = tensor.exported(ours)
                if tensor.layout == .pointwise { x = x.reshaped([x.shape[0], x.shape[1], 1, 1]) }
                file[tensor.keys[min(age, tensor.keys.count - 1)]] = x
            }
            codec.scramble(1)
            try keys.load(into: codec) { file[$0] }
            for (p, values) in zip(parameters, before) { #expect(p.value.values == values, "\(p.name)") }
        }
        #expect(keys.tensors.contains { $0.keys.contains("encoder.mid.attn_1.proj_out.weight") })
        #expect(
            keys.tensors.contains {
                $0.keys.contains("decoder.up.1.upsample.conv.weight") && $0.path.contains("levels.0")
            })
    }

    @Test func `a missing tensor and one of the wrong shape are named`() throws {
        let codec = try codec()
        let keys = AutoencoderKeys(codec)
        let parameters = codec.parameters()
        var file: [String: Tensor] = [:]
        for tensor in keys.tensors {
            file[tensor.keys[0]] = tensor.exported(parameters.first { $0.name == tensor.path }!.value)
        }
        let whole = file
        file["decoder.conv_in.bias"] = nil
        var error = #expect(throws: InputError.self) { try keys.load(into: codec) { file[$0] } }
        #expect(error?.place == "decoder.conv_in.bias")
        file = whole
        file["encoder.conv_in.weight"] = .zeros([8, 1, 3, 3])
        codec.scramble(2)
        let before = parameters.map { $0.value.values }
        error = #expect(throws: InputError.self) { try keys.load(into: codec) { file[$0] } }
        #expect(error?.place == "encoder.conv_in.weight")
        #expect(parameters.map { $0.value.values } == before, "nothing was changed")
    }
}
