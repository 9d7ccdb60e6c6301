import Glibc
import Tensors

/// Sound from a log-mel spectrogram with no weights: amplitudes of the bins that fit the bands, then phases that fit one another (Griffin
/// and Lim 1984; with the step of Perraudin, Balazs and Søndergaard 2013).
public struct GriffinLim: Sendable {
    public let mel: MelSpectrogram
    public var iterations: Int
    /// 0 is Griffin and Lim's own algorithm.
    public var momentum: Float

    public init(_ mel: MelSpectrogram, iterations: Int = 32, momentum: Float = 0.99) {
        require(iterations >= 0 && momentum >= 0, "GriffinLim: \(iterations) iterations, momentum \(momentum)")
        self.mel = mel
        self.iterations = iterations
        self.momentum = momentum
    }

    /// One channel at `mel.settings.rate`.
    ///
    /// - Parameter spectrogram: [frames, bands], as `mel` makes it.
    /// - Parameter samples: how many, of which a spectrogram has as many frames; (frames - 1) · hop when nil.
    public func callAsFunction(_ spectrogram: Tensor, samples: Int? = nil, noise: Noise) -> Sound {
        let (frames, bands) = spectrogram.shape2
        require(bands == mel.settings.bands, "GriffinLim: a spectrogram \(spectrogram.shape) of \(mel.settings.bands) bands")
        let count = samples ?? max(1, (frames - 1) * mel.settings.hop)
        let signal = withoutGradients { self.signal(bins(mel.amplitudes(spectrogram)), count, noise) }
        return Sound(rate: mel.settings.rate, samples: signal.values)
    }

    /// Amplitudes of the bins of which the filters make these: least squares among amplitudes that are not negative, by the steps of Lee
    /// and Seung 2001.
    ///
    ///     amplitudes: [frames, bands]
    ///     returns [frames, bins]
    func bins(_ amplitudes: Tensor) -> Tensor {
        let back = mel.filters.transposed().contiguous()
        let aim = matmul(amplitudes, back)
        // Bins that no band hears stay silent.
        var found = aim / Tensor(mel.filters.values.reduce(0, +) / Float(mel.settings.bands))
        for _ in 0..<24 { found = found * (aim / (matmul(matmul(found, mel.filters), back) + 1e-12)) }
        return found
    }

    /// - Parameter amplitudes: [frames, bins]
    /// - Returns: [1, count]
    private func signal(_ amplitudes: Tensor, _ count: Int, _ noise: Noise) -> Tensor {
        let fourier = mel.fourier
        let (frames, bins) = amplitudes.shape2
        let wanted = amplitudes.unsqueezed(0).unsqueezed(2)
        let angles = noise("phases").uniform([1, frames, 1, bins]) * Float(2 * Double.pi)
        var spectra = wanted * concatenated([angles.cos(), angles.sin()], axis: 2)
        let weight = fourier.weight(frames: frames)
        var before: Tensor?
        for _ in 0..<iterations {
            let possible = fourier(fourier.inverse(spectra, length: count, weight: weight))
            let ahead = before.map { possible * (1 + momentum) - $0 * momentum } ?? possible
            before = possible
            spectra = ahead * (wanted / (squaredMagnitudes(ahead).sqrt() + 1e-9).unsqueezed(2))
        }
        return fourier.inverse(spectra, length: count, weight: weight)
    }
}
