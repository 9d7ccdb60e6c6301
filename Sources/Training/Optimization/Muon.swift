import Networks
import Tensors

/// Settings of Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon; Liu et al. 2025, arXiv 2502.16982).
public struct MuonConfiguration: Sendable, Equatable {
    /// Of AdamW for what is no matrix, whose rate and decay the matrices share.
    public var rest: AdamWConfiguration
    public var momentum: Double
    /// Newton-Schulz iterations.
    public var iterations: Int

    public init(rest: AdamWConfiguration, momentum: Double = 0.95, iterations: Int = 5) {
        self.rest = rest
        self.momentum = momentum
        self.iterations = iterations
    }
}

/// Weights of layers and convolutions move by their momentum with all singular values made about one; biases, norms and tables move by
/// AdamW.
///
/// Updates are as large as AdamW's usually are, 0.2 in the mean square (Liu et al. 2025, section 2.2), so that both share a rate. Under
/// bf16 precision the iterations multiply bf16 numbers, as Jordan et al. do: they correct themselves.
public final class Muon: Optimizer {
    public let configuration: MuonConfiguration
    public let parameters: [Parameter]
    private let matrices: [Int]
    private let others: [Int]
    private var momenta: [Tensor]
    private let rest: AdamW

    public init(_ configuration: MuonConfiguration, _ parameters: [Parameter]) {
        self.configuration = configuration
        self.parameters = parameters
        matrices = parameters.indices.filter { Muon.suits(parameters[$0]) }
        others = parameters.indices.filter { !Muon.suits(parameters[$0]) }
        momenta = matrices.map { .zeros(parameters[$0].shape) }
        rest = AdamW(configuration.rest, others.map { parameters[$0] })
    }

    /// Tables of vectors are looked up, not multiplied with; like biases and norms they do not decay.
    private static func suits(_ parameter: Parameter) -> Bool { parameter.shape.count >= 2 && parameter.decays }

    public var step: Int { rest.step }

    public func update(_ gradients: [Tensor], scale: Double = 1, rate: Double, averages: MovingAverage? = nil) {
        rest.update(others.map { gradients[$0] }, scale: scale, rate: rate, averages: averages)
        let kept = Float(1 - rate * configuration.rest.decay)
        let dtype: DType = Context.current.precision == .bf16 ? .bf16 : .f32
        let moved = concurrently(matrices.count) { i in
            let parameter = self.parameters[self.matrices[i]]
            let (momentum, direction) = self.directed(i, gradients[self.matrices[i]] * Float(scale), dtype)
            let (rows, columns) = (parameter.shape[0], parameter.shape.dropFirst().reduce(1, *))
            let length = Float(rate * 0.2 * Double(max(rows, columns)).squareRoot())
            return (momentum, parameter.value.detached() * kept - direction.reshaped(parameter.shape) * length)
        }
        for (i, (momentum, weight)) in moved.enumerated() {
            momenta[i] = momentum
            parameters[matrices[i]].set(weight)
            averages?.follow(parameters[matrices[i]])
        }
    }

    /// The momentum after a gradient, and Nesterov's look ahead with singular values of about one, as a matrix `[rows, columns]`.
    private func directed(_ i: Int, _ gradient: Tensor, _ dtype: DType) -> (momentum: Tensor, direction: Tensor) {
        let beta = Float(configuration.momentum)
        let momentum = momenta[i] * beta + gradient * (1 - beta)
        let ahead = gradient * (1 - beta) + momentum * beta
        let matrix = ahead.reshaped([ahead.shape[0], -1])
        return (momentum, Muon.orthogonalized(matrix, iterations: configuration.iterations, products: dtype))
    }

    /// About U Vᵀ of x = U S Vᵀ: singular values between 0.7 and 1.2 after five iterations of the quintic
    /// a x + b x xᵀ x + c (x xᵀ)² x.
    ///
    ///     x: [M, N]
    ///
    /// - Parameter dtype: of what is multiplied and of the series in x xᵀ; x itself stays f32.
    package static func orthogonalized(_ x: Tensor, iterations: Int, products dtype: DType = .f32) -> Tensor {
        let isTall = x.shape[0] > x.shape[1]
        let (a, b, c): (Float, Float, Float) = (3.4445, -4.775, 2.0315)
        var y = (isTall ? x.transposed() : x).contiguous()
        y = y * (1 / max(y.square().sum().scalar.squareRoot(), 1e-7))
        for _ in 0..<iterations {
            let factor = y.cast(to: dtype)
            let gram = matmul(factor, factor.transposed())
            let series = (gram * b + matmul(gram, gram) * c).cast(to: dtype)
            y = y * a + matmul(series, factor).cast(to: .f32)
        }
        return isTall ? y.transposed() : y
    }

    public var state: [(name: String, tensor: Tensor)] {
        rest.state + zip(matrices, momenta).map { (parameters[$0].name + "/momentum", $1) }
    }

    public func restore(step: Int, _ tensor: (String) throws -> Tensor) throws {
        try rest.restore(step: step, tensor)
        momenta = try matrices.map { try tensor(parameters[$0].name + "/momentum") }
    }
}
