import Diffusion
import Networks
import Tensors

/// Sizes of an `MLPDenoiser`.
public struct MLPConfiguration: Sendable, Equatable {
    /// Numbers D of one state.
    public var size = 2
    /// Width W of the hidden vectors.
    public var width = 128
    /// Residual blocks.
    public var depth = 3
    /// Class labels, 0 for none; one more row is the null class.
    public var classes = 0
    /// What the output means.
    public var prediction = Parameterization.velocity

    public init() {}
}

/// Denoises small vectors: a residual network whose blocks are told time and class by adaLN-Zero.
///
///     state: [B, D]
///     returns [B, D]
///
/// The blocks are those of the Diffusion Transformer without attention (Peebles & Xie 2023, section 3.2).
public final class MLPDenoiser: Module, Denoiser {
    public let configuration: MLPConfiguration
    let input: Linear
    let time: TimeEmbedding
    let classes: Embedding?
    let blocks: [MLPBlock]
    let finalModulation: Linear
    let output: Linear

    /// Radians per unit of the state: layer norms would hide how far out a point lies, waves do not.
    private static let frequencies: [Float] = [1, 2, 4]

    public init(_ c: MLPConfiguration) {
        require(
            c.size > 0 && c.width > 0 && c.depth >= 0, "MLP: size \(c.size), width \(c.width), depth \(c.depth)")
        require(c.prediction != .logits, "MLP: predicts numbers, not logits")
        configuration = c
        input = Linear(c.size * (1 + 2 * Self.frequencies.count), c.width)
        time = TimeEmbedding(width: c.width)
        classes = c.classes > 0 ? Embedding(c.classes + 1, width: c.width) : nil
        blocks = (0..<c.depth).map { _ in MLPBlock(c.width) }
        finalModulation = .zeros(c.width, 2 * c.width)
        output = .zeros(c.width, c.size)
        super.init()
    }

    public func callAsFunction(_ input: DenoiserInput) -> Prediction {
        let condition = input.conditions.first { $0.kind == .classes }
        let labels = condition.map { told in
            told.labels.indices.map { told.isWithheld($0) ? configuration.classes : told.labels[$0] }
        }
        return Prediction(self(input.state, t: input.networkTime, classes: labels), configuration.prediction)
    }

    /// - Parameters:
    ///   - t: one time per sample, in the schedule's published units.
    ///   - labels: one class per sample; the count of classes means none.
    public func callAsFunction(_ x: Tensor, t: [Float], classes labels: [Int]? = nil) -> Tensor {
        let size = configuration.size
        require(x.rank == 2 && x.shape[1] == size, "MLP: state \(x.shape) for vectors of \(size)")
        let waves = Self.frequencies.flatMap { [(x * $0).sin(), (x * $0).cos()] }
        var h = input(concatenated([x] + waves, axis: 1))  // [B, W]
        var c = time(t)  // [B, W]
        if let classes {
            c = c + classes(Tokens(labels ?? [Int](repeating: configuration.classes, count: x.shape[0])))
        }
        let condition = silu(c)
        for block in blocks { h = block(h, given: condition) }
        let m = finalModulation(condition).chunked(2, axis: 1)  // shift, scale
        return output(normModulate(h, scale: m[1], shift: m[0], eps: 1e-6)).cast(to: .f32)
    }
}

/// Feed-forward block modulated by a condition, the identity at initialisation.
///
///     x: [B, W], c: [B, W] already through SiLU
///     returns [B, W]
final class MLPBlock: Module {
    let modulation: Linear
    let feedForward: FeedForward

    init(_ width: Int) {
        modulation = .zeros(width, 3 * width)
        feedForward = FeedForward(width: width, hidden: 2 * width)
        super.init()
    }

    func callAsFunction(_ x: Tensor, given c: Tensor) -> Tensor {
        let m = modulation(c).chunked(3, axis: 1)  // shift, scale, gate
        return gatedResidual(x, gate: m[2], feedForward(normModulate(x, scale: m[1], shift: m[0], eps: 1e-6)))
    }
}
