import Denoisers
import Tensors
import TestKit

/// The small DiT of `dit.safetensors` under our names: one place that knows how published names and layouts map to ours.
struct DiTGolden {
    let model: DiffusionTransformer
    let golden = Golden("dit")

    init() {
        var sizes = DiTConfiguration()
        (sizes.height, sizes.width, sizes.channels, sizes.patch) = (8, 8, 4, 2)
        (sizes.dim, sizes.depth, sizes.heads, sizes.classes) = (24, 2, 4, 5)
        model = DiffusionTransformer(sizes)
        reset()
    }

    /// The fixture's weights again.
    func reset() {
        for p in model.parameters() { p.set(Self.ours(golden[Self.published(p.name)], p.name)) }
    }

    /// Our parameter's name in the published checkpoints.
    static func published(_ name: String) -> String {
        let renamed = [
            ("patches.", "x_embedder.proj."), ("time.hidden.", "t_embedder.mlp.0."), ("time.output.", "t_embedder.mlp.2."),
            ("classes.", "y_embedder.embedding_table."), ("finalModulation.", "final_layer.adaLN_modulation.1."),
            ("output.", "final_layer.linear."),
        ]
        if let (ours, theirs) = renamed.first(where: { name.hasPrefix($0.0) }) { return theirs + name.dropFirst(ours.count) }
        let inside = [
            "modulation": ["adaLN_modulation", "1"], "queryKeyValue": ["qkv"], "up": ["fc1"], "down": ["fc2"],
            "attention": ["attn"], "feedForward": ["mlp"], "output": ["proj"],
        ]
        return name.split(separator: ".").flatMap { inside[String($0)] ?? [String($0)] }.joined(separator: ".")
    }

    /// The published patch kernel [D, C, p, p] is our matrix [D, p p C]; everything else is as it is.
    static func ours(_ x: Tensor, _ name: String) -> Tensor {
        name == "patches.weight" ? x.permuted([0, 2, 3, 1]).reshaped([x.shape[0], -1]) : x
    }

    /// [B, C, H, W] in, [B, 2C, H, W] out, as published.
    func callAsFunction(_ x: Tensor, t: [Float], y: Tokens) -> Tensor {
        model(channelsLast(x), t: t, classes: y.values.map(Int.init)).permuted([0, 3, 1, 2])
    }
}
