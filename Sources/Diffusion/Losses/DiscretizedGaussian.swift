import Glibc
import Tensors

/// A normal distribution seen through bins: -log of the chance of the bin that holds x, with open bins at -1
/// and 1 (Ho et al. 2020, equation 13).
public struct DiscretizedGaussian: Sendable {
    /// How the normal distribution function is computed.
    public enum CDF: String, Sendable, CaseIterable {
        case exact
        /// (1 + tanh(√(2/π) (z + 0.044715 z³))) / 2, which the published bits per dimension were computed
        /// with.
        case tanh
    }

    /// Half the distance between neighbouring values: 1/255 for bytes on [-1, 1].
    public let halfWidth: Float
    public let cdf: CDF

    public init(halfWidth: Float = 1 / 255, cdf: CDF = .tanh) {
        self.halfWidth = halfWidth
        self.cdf = cdf
    }

    /// Elementwise, nats; x in [-1, 1].
    public func negativeLogLikelihood(_ x: Tensor, mean: Tensor, logDeviation: Tensor) -> Tensor {
        let precision = (-logDeviation).exp()
        let centred = x - mean
        // Bins are taken in the lower tail, where differences of the distribution function lose nothing to
        // rounding.
        let away = -centred.abs()
        let inside = below((away + halfWidth) * precision) - below((away - halfWidth) * precision)
        let lowest = below((centred + halfWidth) * precision)
        let highest = below((-centred + halfWidth) * precision)
        let p = select(x.less(Tensor(-0.999)), lowest, select(x.greater(Tensor(0.999)), highest, inside))
        return -maximum(p, Tensor(1e-12)).log()
    }

    private func below(_ z: Tensor) -> Tensor {
        switch cdf {
        case .exact: (z * Float(0.5.squareRoot())).erf() * 0.5 + 0.5
        case .tanh: ((z + z * z.square() * 0.044715) * Float(2 * (2 / Double.pi).squareRoot())).sigmoid()
        }
    }
}
