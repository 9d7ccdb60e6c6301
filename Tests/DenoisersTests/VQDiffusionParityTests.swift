import Denoisers
import Diffusion
import Networks
import TestKit
import Tensors
import Testing

/// The small transformer of `vq_diffusion.safetensors` under our names.
private struct VQDiffusionGolden {
    let model: TokenTransformer
    let golden = Golden("vq_diffusion")

    init() {
        var c = TokenTransformerConfiguration()
        (c.codes, c.rows, c.columns, c.dim, c.depth, c.heads, c.contextWidth) = (11, 4, 3, 12, 2, 2, 10)
        (c.time, c.steps, c.activation) = (.table, 20, .geluQuick)
        model = TokenTransformer(c)
        for p in model.parameters() where p.name != "nullText" { p.set(published(p.name) { golden[$0] }) }
    }

    /// A parameter of ours, or its gradient, out of the published tensors; ours are stacked where theirs are apart.
    func published(_ name: String, _ find: (String) -> Tensor) -> Tensor {
        let ends = [
            ("embedding.weight", "latent_image_embedding.emb.weight"),
            ("rowPositions.weight", "latent_image_embedding.height_emb.weight"),
            ("columnPositions.weight", "latent_image_embedding.width_emb.weight"), ("norm.", "norm_out."), ("output.", "out."),
        ]
        if let (ours, theirs) = ends.first(where: { name.hasPrefix($0.0) }) { return find(theirs + name.dropFirst(ours.count)) }
        let inside = [
            "blocks": "transformer_blocks", "selfNorm": "norm1", "crossNorm": "norm2", "feedForwardNorm": "norm3", "table": "emb",
            "modulation": "linear", "selfAttention": "attn1", "crossAttention": "attn2", "query": "to_q", "output": "to_out.0",
            "feedForward": "ff.net", "up": "0.proj", "down": "2",
        ]
        let theirs = name.split(separator: ".").map { inside[String($0)] ?? String($0) }.joined(separator: ".")
        for (ours, parts) in [("queryKeyValue", ["to_q", "to_k", "to_v"]), ("keyValue", ["to_k", "to_v"])]
        where theirs.contains(ours) {
            return concatenated(parts.map { find(theirs.replacing(ours, with: $0)) }, axis: 0)
        }
        return find(theirs)
    }

    var context: EncodedText {
        EncodedText(averaging: golden["context"], mask: .ones(Array(golden["context"].shape.prefix(2))))
    }

    func logits() -> Tensor {
        model(golden.tokens("tokens"), t: golden.tokens("timesteps").values.map(Float.init), text: context)
    }
}

@Suite struct VQDiffusionParityTests {
    @Test func `the transformer's logits and gradients are diffusers'`() {
        let reference = VQDiffusionGolden()
        let golden = reference.golden
        expectClose(withoutGradients { reference.logits() }, golden["logits"], relative: 1e-4)
        let watched = [
            "embedding.weight", "rowPositions.weight", "columnPositions.weight", "blocks.0.selfNorm.table.weight",
            "blocks.1.crossNorm.modulation.weight", "blocks.1.feedForward.up.weight", "output.weight",
        ]
        let parameters = watched.map { name in reference.model.parameters().first { $0.name == name }! }
        let loss = crossEntropy(reference.logits(), golden.tokens("targets")).mean()
        let found = gradients(of: [(loss, .ones([]))], wrt: parameters.map(\.value))
        for (parameter, gradient) in zip(parameters, found) {
            expectClose(
                gradient, reference.published(parameter.name) { golden["grad." + $0] }, relative: 1e-4, parameter.name)
        }
    }

    @Test func `the scheduler's posterior and its choices under given noise are diffusers'`() {
        let golden = Golden("vq_diffusion")
        let corruption = CategoricalCorruption(ReleasedMaskAndReplace(codes: 11, steps: 20))
        let x = golden.tokens("chain.sample")
        for t in [0, 1, 9, 19] {
            let rows = corruption.rows(x, from: Double(t + 1) / 20, to: Double(t) / 20)
            let found = categoricalPosterior(golden["chain.log_p"], x, rows)
            let expected = golden["chain.\(t).posterior"]
            // As chances, and as logarithms where there is a chance worth the name: theirs are made in f32 by subtracting.
            expectClose(found.exp(), expected.exp(), relative: 1e-4, "chances at \(t)")
            expectClose(
                maximum(found, Tensor(-20)), maximum(expected, Tensor(-20)), relative: 1e-4, absolute: 2e-2, "logarithms at \(t)")
            #expect((found + golden["chain.\(t).gumbel"]).argmax(2) == golden.tokens("chain.\(t).next"), "\(t)")
        }
    }
}
