import Networks
import Tensors

/// Where a tensor of a published file goes in one of our codecs.
public struct ForeignTensor: Sendable {
    /// How the file's layout differs from ours.
    public enum Layout: Sendable {
        case same
        /// OIHW there, OHWI here.
        case kernel
        /// `[O, I, 1, 1]` or `[O, I]` there, `[O, I]` here.
        case pointwise
    }

    /// Names it may have: diffusers' first, then those of older diffusers and of CompVis.
    public let keys: [String]
    /// Property path of our parameter or buffer.
    public let path: String
    public let layout: Layout
    /// Which equal part of our rows it fills, where ours are packed.
    public let part: (index: Int, of: Int)

    /// The file's values in our layout.
    public func converted(_ x: Tensor) -> Tensor {
        switch layout {
        case .same: x
        case .kernel: x.rank == 4 ? x.permuted([0, 2, 3, 1]) : x
        case .pointwise:
            x.rank == 4 && x.shape[2] * x.shape[3] == 1 ? x.reshaped([x.shape[0], x.shape[1]]) : x
        }
    }

    /// Our values in the file's layout: the inverse, in diffusers' form of today.
    public func exported(_ ours: Tensor) -> Tensor {
        let x = ours.chunked(part.of, axis: 0)[part.index]
        switch layout {
        case .same: return x
        case .kernel: return x.permuted([0, 3, 1, 2])
        // Attention's projections are linear layers there, the rest 1 x 1 convolutions.
        case .pointwise:
            return keys[0].contains(".attentions.") ? x : x.reshaped([x.shape[0], x.shape[1], 1, 1])
        }
    }
}

/// The names that diffusers' AutoencoderKL and VQModel, and CompVis' and taming's files, give to the parts
/// of our codecs.
public struct AutoencoderKeys: Sendable {
    public private(set) var tensors: [ForeignTensor] = []
    private let configuration: ConvCodecConfiguration

    public init(_ codec: KLAutoencoder) {
        configuration = codec.configuration.network
        addNetwork()
    }

    public init(_ codec: VQVAE) {
        configuration = codec.configuration.network
        addNetwork()
        let pruned = codec.quantizer as? PrunedCodes
        if let nearest = (pruned?.all ?? codec.quantizer) as? NearestCode {
            let path = pruned == nil ? "quantizer" : "quantizer.all"
            add(
                ["quantize.embedding.weight", "quantize.embedding"],
                nearest.table == nil ? path + ".codebook" : path + ".table", .same)
        }
    }

    /// Fills `module` with tensors that `lookup` finds by name; returns the names used, so that leftovers
    /// can be told.
    @discardableResult
    public func load(
        into module: Module, from lookup: (String) throws(InputError) -> Tensor?
    ) throws(InputError) -> Set<String> {
        var used: Set<String> = []
        var parts: [String: [Int: Tensor]] = [:]
        let (parameters, buffers) = (module.parameters(), module.buffers())
        let shapes = Dictionary(
            parameters.map { ($0.name, $0.shape) } + buffers.map { ($0.name, $0.shape) },
            uniquingKeysWith: { $1 })
        for tensor in tensors {
            guard var shape = shapes[tensor.path] else {
                fatalError("AutoencoderKeys: no \(tensor.path) in the codec")
            }
            shape[0] /= tensor.part.of
            var found: (key: String, value: Tensor)?
            for key in tensor.keys where found == nil {
                if let value = try lookup(key) { found = (key, value) }
            }
            guard let (key, value) = found else {
                throw InputError("a tensor is missing", at: tensor.keys[0], expected: "shape \(shape)")
            }
            let ours = tensor.converted(value)
            guard ours.shape == shape else {
                throw InputError(
                    "a tensor does not fit", at: key, expected: "\(shape) in this program's layout",
                    found: "\(ours.shape)")
            }
            used.insert(key)
            parts[tensor.path, default: [:]][tensor.part.index] = ours
        }
        func whole(_ path: String) -> Tensor? {
            guard let pieces = parts[path] else { return nil }
            return concatenated(pieces.sorted { $0.key < $1.key }.map(\.value), axis: 0)
        }
        for parameter in parameters { if let value = whole(parameter.name) { parameter.set(value) } }
        for buffer in buffers {
            if let value = whole(buffer.name) { buffer.value = value.contiguous().detached() }
        }
        return used
    }

    private mutating func add(
        _ keys: [String], _ path: String, _ layout: ForeignTensor.Layout, part: (Int, Int) = (0, 1)
    ) {
        tensors.append(ForeignTensor(keys: keys, path: path, layout: layout, part: part))
    }

    /// Weight and bias under every name of their layer.
    private mutating func layer(
        _ names: [String], _ path: String, _ layout: ForeignTensor.Layout, part: (Int, Int) = (0, 1)
    ) {
        add(names.map { $0 + ".weight" }, path + ".weight", layout, part: part)
        add(names.map { $0 + ".bias" }, path + ".bias", .same, part: part)
    }

    private mutating func addNetwork() {
        let last = configuration.multipliers.count - 1
        let widths = configuration.widths
        layer(["encoder.conv_in"], "encoder.input", .kernel)
        for i in 0...last {
            let input = i == 0 ? widths[0] : widths[i - 1]
            addLevel(
                "encoder.down_blocks.\(i)", "encoder.down.\(i)", "encoder.levels.\(i)", level: i,
                blocks: configuration.blocks,
                input: input)
            if i < last {
                layer(
                    ["encoder.down_blocks.\(i).downsamplers.0.conv", "encoder.down.\(i).downsample.conv"],
                    "encoder.levels.\(i).downsample.conv", .kernel)
            }
        }
        addEnds("encoder")
        layer(["quant_conv"], "quantConv", .pointwise)
        layer(["post_quant_conv"], "postQuantConv", .pointwise)
        layer(["decoder.conv_in"], "decoder.input", .kernel)
        for i in 0...last {
            let level = last - i
            addLevel(
                "decoder.up_blocks.\(i)", "decoder.up.\(level)", "decoder.levels.\(i)", level: level,
                blocks: configuration.blocks + 1, input: i == 0 ? widths[last] : widths[level + 1])
            if i < last {
                layer(
                    ["decoder.up_blocks.\(i).upsamplers.0.conv", "decoder.up.\(level).upsample.conv"],
                    "decoder.levels.\(i).upsample.conv", .kernel)
            }
        }
        addEnds("decoder")
    }

    private mutating func addLevel(
        _ diffusers: String, _ compVis: String, _ path: String, level: Int, blocks: Int, input: Int
    ) {
        let attends = configuration.attentionLevels.contains(level)
        for j in 0..<blocks {
            addBlock(
                "\(diffusers).resnets.\(j)", "\(compVis).block.\(j)", "\(path).blocks.\(j)",
                hasShortcut: j == 0 && input != configuration.widths[level])
            if attends {
                addAttention(
                    "\(diffusers).attentions.\(j)", "\(compVis).attn.\(j)", "\(path).attentions.\(j)")
            }
        }
    }

    private mutating func addBlock(_ diffusers: String, _ compVis: String, _ path: String, hasShortcut: Bool) {
        for (name, layout) in [
            ("norm1", ForeignTensor.Layout.same), ("conv1", .kernel), ("norm2", .same), ("conv2", .kernel),
        ] {
            layer(["\(diffusers).\(name)", "\(compVis).\(name)"], "\(path).\(name)", layout)
        }
        if hasShortcut {
            layer(["\(diffusers).conv_shortcut", "\(compVis).nin_shortcut"], "\(path).shortcut", .pointwise)
        }
    }

    private mutating func addAttention(_ diffusers: String, _ compVis: String, _ path: String) {
        layer(["\(diffusers).group_norm", "\(compVis).norm"], "\(path).norm", .same)
        for (i, (now, before, theirs)) in [
            ("to_q", "query", "q"), ("to_k", "key", "k"), ("to_v", "value", "v"),
        ].enumerated() {
            layer(
                ["\(diffusers).\(now)", "\(diffusers).\(before)", "\(compVis).\(theirs)"],
                "\(path).queryKeyValue", .pointwise,
                part: (i, 3))
        }
        layer(
            ["\(diffusers).to_out.0", "\(diffusers).proj_attn", "\(compVis).proj_out"], "\(path).output",
            .pointwise)
    }

    /// Middle block, last norm and last convolution.
    private mutating func addEnds(_ side: String) {
        addBlock(
            "\(side).mid_block.resnets.0", "\(side).mid.block_1", "\(side).middle.first", hasShortcut: false)
        if configuration.middleAttention {
            addAttention("\(side).mid_block.attentions.0", "\(side).mid.attn_1", "\(side).middle.attention")
        }
        addBlock(
            "\(side).mid_block.resnets.1", "\(side).mid.block_2", "\(side).middle.second", hasShortcut: false)
        layer(["\(side).conv_norm_out", "\(side).norm_out"], "\(side).norm", .same)
        layer(["\(side).conv_out"], "\(side).output", .kernel)
    }
}
