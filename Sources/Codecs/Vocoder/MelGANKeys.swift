import Networks
import Tensors

/// Where the convolutions of a published MelGAN go in our generator: descriptinc/melgan-neurips' names, `model.1.weight_g`.
public struct MelGANKeys: Sendable {
    public struct Layer: Sendable {
        /// What its tensors' names begin with in the file.
        public let key: String
        /// Property path of ours.
        public let path: String
        /// Of a transposed convolution, by how much it lengthens.
        public let ratio: Int?

        init(_ key: String, _ path: String, ratio: Int? = nil) { (self.key, self.path, self.ratio) = (key, path, ratio) }

        /// The file's weight in our layout; as it is where it cannot be one.
        ///
        ///     x: [O, I, K], or [I, O, 2 ratio] of a transposed convolution
        ///     returns [O, 1, K, I], or [ratio · O, 1, 2, I]
        package func kernel(_ x: Tensor) -> Tensor {
            guard x.rank == 3 else { return x }
            guard let ratio else { return x.permuted([0, 2, 1]).unsqueezed(1) }
            let (I, O, K) = x.shape3
            guard K == 2 * ratio else { return x }
            // The kernel's second half is what the place before adds.
            return x.reshaped([I, O, 2, ratio]).flipped(2).permuted([3, 1, 2, 0]).reshaped([ratio * O, 1, 2, I])
        }
    }

    public private(set) var layers: [Layer] = []

    public init(_ c: MelGANConfiguration) {
        layers.append(Layer("model.1", "input"))
        // Of a sequence of paddings, convolutions and activations every one has a number.
        var next = 3
        for (stage, ratio) in c.ratios.enumerated() {
            layers.append(Layer("model.\(next)", "stages.\(stage).upsample", ratio: ratio))
            for block in 0..<c.blocks {
                let (key, path) = ("model.\(next + 1 + block)", "stages.\(stage).blocks.\(block)")
                layers += [
                    Layer("\(key).block.2", "\(path).conv1"), Layer("\(key).block.4", "\(path).conv2"),
                    Layer("\(key).shortcut", "\(path).shortcut"),
                ]
            }
            next += 2 + c.blocks
        }
        layers.append(Layer("model.\(next + 1)", "output"))
    }

    /// Fills `generator` with tensors that `lookup` finds by name; returns the names used, so that leftovers can be told.
    ///
    /// A weight may be there as length and direction, under either of PyTorch's names, or as their product.
    @discardableResult
    public func load(
        into generator: MelGANGenerator, from lookup: (String) throws(InputError) -> Tensor?
    ) throws(InputError) -> Set<String> {
        var used: Set<String> = []
        func found(_ key: String) throws(InputError) -> Tensor? {
            let value = try lookup(key)
            if value != nil { used.insert(key) }
            return value
        }
        let parameters = Dictionary(uniqueKeysWithValues: generator.parameters().map { ($0.name, $0) })
        var values: [(parameter: Parameter, value: Tensor)] = []
        func keep(_ path: String, _ value: Tensor, _ key: String) throws(InputError) {
            guard let parameter = parameters[path] else { fatalError("MelGANKeys: no \(path) in the generator") }
            guard value.shape == parameter.shape else {
                throw InputError(
                    "a tensor does not fit", at: key, expected: "\(parameter.shape) in this program's layout",
                    found: "\(value.shape)")
            }
            values.append((parameter, value))
        }
        for layer in layers {
            let (key, path) = (layer.key, layer.path)
            var parts: (direction: Tensor, length: Tensor)?
            for (g, v) in [("weight_g", "weight_v"), ("parametrizations.weight.original0", "parametrizations.weight.original1")] {
                if parts == nil, let length = try found("\(key).\(g)"), let direction = try found("\(key).\(v)") {
                    parts = (layer.kernel(direction), length.reshaped([-1]))
                }
            }
            if parts == nil, let whole = try found("\(key).weight") {
                parts = (layer.kernel(whole), whole.square().sum(Array(1..<max(1, whole.rank))).sqrt())
            }
            guard let parts, let bias = try found("\(key).bias") else {
                throw InputError("a tensor is missing", at: "\(key).\(parts == nil ? "weight_v" : "bias")")
            }
            try keep("\(path).weight.direction", parts.direction, key)
            try keep("\(path).weight.length", parts.length, key)
            try keep("\(path).bias", bias, "\(key).bias")
        }
        for (parameter, value) in values { parameter.set(value) }
        return used
    }
}
