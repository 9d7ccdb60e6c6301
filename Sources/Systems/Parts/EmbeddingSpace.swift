import Networks
import Tensors

/// Fixed vectors for tokens, every one of the length √D, among which sentences are diffused (Strudel et al. 2022, arXiv 2211.04236,
/// section 3.1).
enum EmbeddingSpace: String, CaseIterable {
    /// Normal draws, the same for every model.
    case random
    /// The bits of the token's number, -1 or 1, as many as it takes.
    case bits
    /// What another model of sentences has learned, by its principal components.
    case pretrained

    /// `[count, width]`.
    func table(_ count: Int, width: Int, pretrained learned: Tensor?) -> Tensor {
        switch self {
        case .random: Self.scaled(Noise(seed: 11)("token vectors").normal([count, width]))
        case .bits:
            Tensor(
                (0..<count).flatMap { token in (0..<width).reversed().map { Float(token >> $0 & 1) * 2 - 1 } }, [count, width])
        case .pretrained: Self.scaled(Self.principal(learned!, width))
        }
    }

    /// Of bits as many as they are, whatever is asked for.
    func width(asked: Int, count: Int) -> Int {
        self == .bits ? (1..<31).first { 1 << $0 >= count }! : asked
    }

    private static func scaled(_ x: Tensor) -> Tensor {
        let D = Float(x.shape[1])
        return x / (x.square().sum(1, keep: true) / D + 1e-12).sqrt()
    }

    /// The coordinates along the directions in which the rows vary most, each of deviation 1, by orthogonal iteration.
    private static func principal(_ x: Tensor, _ width: Int) -> Tensor {
        let centred = x - x.mean(0, keep: true)
        let covariance = matmul(centred.transposed(), centred)
        var basis = Noise(seed: 12)("directions").normal([x.shape[1], width])
        for _ in 0..<60 { basis = orthonormal(matmul(covariance, basis)) }
        let y = matmul(centred, basis)
        return y / (y.square().mean(0, keep: true) + 1e-12).sqrt()
    }

    /// Columns made orthonormal, one after the other.
    private static func orthonormal(_ x: Tensor) -> Tensor {
        var columns: [Tensor] = []
        for k in 0..<x.shape[1] {
            var column = x.slice(1, k..<k + 1)
            for _ in 0..<2 { for other in columns { column = column - other * (other * column).sum() } }
            columns.append(column / (column.square().sum() + 1e-20).sqrt())
        }
        return concatenated(columns, axis: 1)
    }
}
