import Tensors

/// Reads the blocks of Inception v3 (Szegedy et al. 2016, arXiv 1512.00567, section 6) by torchvision's names. Norms, whose statistics
/// are frozen, go into the kernels; channel counts are the file's.
struct InceptionReader {
    let weights: ConvertedWeights

    /// A convolution, its norm and a ReLU: `x.conv.weight`, `x.bn.running_mean`, ...
    func layer(_ name: String, _ input: Int, _ rows: Int, _ columns: Int, stride: Int = 1, pads: Bool = false) throws
        -> InceptionLayer
    {
        let kernel = try weights.kernel("\(name).conv.weight", nil, input, rows, columns)
        let output = kernel.shape[0]
        func norm(_ part: String) throws -> Tensor { try weights.tensor("\(name).bn.\(part)", [output]) }
        let scale = try norm("weight") * (try norm("running_var") + 1e-3).rsqrt()
        return InceptionLayer(
            weight: kernel * scale.reshaped([output, 1, 1, 1]), bias: try norm("bias") - norm("running_mean") * scale,
            stride: stride,
            padding: pads
                ? Padding(top: rows / 2, bottom: rows / 2, left: columns / 2, right: columns / 2) : Padding(0))
    }

    /// Layers one after the other, the names' ends beside their kernels; strides are 1 and sizes kept but for the last one where
    /// `halves`.
    func chain(
        _ name: String, _ input: Int, _ kernels: [(end: String, rows: Int, columns: Int)], halves: Bool = false
    ) throws -> InceptionChain {
        var channels = input
        var layers: [InceptionLayer] = []
        for (i, kernel) in kernels.enumerated() {
            let isLast = halves && i == kernels.count - 1
            let layer = try layer(
                name + kernel.end, channels, kernel.rows, kernel.columns, stride: isLast ? 2 : 1, pads: !isLast)
            layers.append(layer)
            channels = layer.width
        }
        return InceptionChain(layers: layers, ends: [])
    }
}

struct InceptionLayer {
    let weight, bias: Tensor
    let stride: Int
    let padding: Padding

    var width: Int { bias.count }

    func callAsFunction(_ x: Tensor) -> Tensor {
        convolution(x, weight: weight, bias: bias, stride: stride, padding: padding).relu()
    }
}

/// Layers one after the other; at its end it may fork.
struct InceptionChain {
    var layers: [InceptionLayer]
    var ends: [InceptionLayer]

    var width: Int { ends.isEmpty ? layers[layers.count - 1].width : ends.reduce(0) { $0 + $1.width } }

    func callAsFunction(_ x: Tensor) -> [Tensor] {
        let y = layers.reduce(x) { $1($0) }
        return ends.isEmpty ? [y] : ends.map { $0(y) }
    }
}

/// Branches side by side, and what becomes of a pooled input.
struct InceptionBlock {
    enum Pool {
        /// Means of 3 x 3, zeros around counted, and a layer over them.
        case mean(InceptionLayer)
        /// The largest of 3 x 3, two apart.
        case largest(channels: Int)
    }

    let branches: [InceptionChain]
    let pool: Pool

    var width: Int {
        let pooled =
            switch pool {
            case .mean(let layer): layer.width
            case .largest(let channels): channels
            }
        return branches.reduce(pooled) { $0 + $1.width }
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let pooled: Tensor
        switch pool {
        case .mean(let layer):
            let channels = x.shape[3]
            let ninth = Tensor.ones([channels, 3, 3, 1]) / 9
            pooled = layer(convolution(x, weight: ninth, padding: Padding(1), groups: channels))
        case .largest: pooled = maxPooled(x, size: 3, stride: 2)
        }
        return concatenated(branches.flatMap { $0(x) } + [pooled], axis: 3)
    }
}
