import Glibc
import Tensors

/// How far a sound is from its original, of spectra that lie frame beside frame. Smaller is better, 0 is equal.
public enum SoundDifference {
    /// Coefficients of a cepstrum that are compared.
    public static let cepstrum = 13

    /// Mel-cepstral distance in decibels (Kubichek 1993): the mean over frames of 10 / ln 10 · √(2 Σ (c - c')²) over the coefficients
    /// 1...13 of the orthonormal cosine transform (DCT-II) of natural-log mel amplitudes. Coefficient 0, the loudness, is left out.
    ///
    /// Frames are compared as they lie: nothing is warped in time.
    ///
    ///     x, y: [frames, bands], ln of mel amplitudes
    public static func melCepstral(_ x: Tensor, _ y: Tensor, coefficients: Int = cepstrum) -> Double {
        let (frames, bands) = x.shape2
        require(
            x.shape == y.shape && frames > 0 && (1..<bands).contains(coefficients),
            "melCepstral: \(coefficients) coefficients of \(x.shape) and \(y.shape)")
        let cosines = (1...coefficients).map { k in
            (0..<bands).map { cos(Double.pi * Double(k) * (Double($0) + 0.5) / Double(bands)) * (2 / Double(bands)).squareRoot() }
        }
        let difference = zip(x.values, y.values).map { Double($0) - Double($1) }
        let distances = (0..<frames).map { frame in
            // The transform is linear: that of the difference is the difference.
            let row = difference[frame * bands..<(frame + 1) * bands]
            let sum = cosines.reduce(0.0) { sum, wave in
                let c = zip(row, wave).reduce(0) { $0 + $1.0 * $1.1 }
                return sum + c * c
            }
            return 10 / log(10) * (2 * sum).squareRoot()
        }
        return distances.reduce(0, +) / Double(frames)
    }

    /// Log-spectral distance in decibels (Gray and Markel 1976): the mean over frames of √(mean over bins of (20 log₁₀ |X| - 20 log₁₀ |Y|)²).
    /// What is below `floor` counts as that.
    ///
    ///     x, y: [frames, bins], magnitudes
    public static func logSpectral(_ x: Tensor, _ y: Tensor, floor: Double = 1e-5) -> Double {
        let (frames, bins) = x.shape2
        require(x.shape == y.shape && frames > 0 && bins > 0, "logSpectral: \(x.shape) and \(y.shape)")
        let squares = zip(x.values, y.values).map { a, b in
            let d = 20 * log10(max(Double(a), floor) / max(Double(b), floor))
            return d * d
        }
        let distances = (0..<frames).map { frame in
            (squares[frame * bins..<(frame + 1) * bins].reduce(0, +) / Double(bins)).squareRoot()
        }
        return distances.reduce(0, +) / Double(frames)
    }
}
