import Tensors

/// How far the spectra of signals are apart, at several resolutions (Yamamoto et al. 2020, arXiv 1910.11480, section 2.2).
///
/// At each resolution ‖|X| - |Y|‖ / ‖|Y|‖ plus the mean of |log |X| - log |Y||; of an example by itself, so that the batch changes nothing.
/// ‖|Y|‖ is that of noise at -60 dB at least: a pause would make any whisper a disaster.
public struct SpectralDistance: Sendable {
    private let transforms: [ShortTimeFourier]

    /// - Parameter sizes: of the windows; they lie a quarter of their size apart.
    public init(sizes: [Int] = [512, 1024, 2048]) { transforms = sizes.map { ShortTimeFourier(size: $0, hop: $0 / 4) } }

    /// x, y: [B, L]; returns [B], of `y` the true one.
    public func callAsFunction(_ x: Tensor, _ y: Tensor) -> Tensor {
        let terms = transforms.map { transform in
            let (a, b) = (magnitudes(x, transform), magnitudes(y, transform))
            // Of noise whose samples have deviation 10⁻³, in a Hann window.
            let noise = 1e-6 * 3 / 8 * Float(transform.size)
            let convergence = ((a - b).square().mean([1, 2]) + 1e-9).sqrt() / (b.square().mean([1, 2]) + noise).sqrt()
            return convergence + (a.log() - b.log()).abs().mean([1, 2])
        }
        return terms.dropFirst().reduce(terms[0], +) / Float(terms.count)
    }

    /// [B, N, bins], of which none is so small that its logarithm or root could not be differentiated.
    private func magnitudes(_ x: Tensor, _ transform: ShortTimeFourier) -> Tensor {
        (squaredMagnitudes(transform(x)) + 1e-7).sqrt()
    }
}
