import Glibc
import Tensors

/// Triangles of equal area, evenly spaced on Slaney's scale of pitch (Auditory Toolbox 1998), as `librosa.filters.mel` makes them.
enum MelFilters {
    /// Triangles of equal height, evenly spaced on the logarithmic scale of HTK and linear on it, as VGGish has them.
    ///
    ///     returns [bins, bands]
    static func logarithmic(rate: Int, size: Int, bands: Int, low: Double, high: Double) -> Tensor {
        func mel(_ hertz: Double) -> Double { 1127 * log1p(hertz / 700) }
        let bins = size / 2 + 1
        let width = (mel(high) - mel(low)) / Double(bands + 1)
        var weights = [Float](repeating: 0, count: bins * bands)
        // The constant part of a frame is heard in no band.
        for bin in 1..<bins {
            let place = (mel(Double(bin * rate) / Double(size)) - mel(low)) / width
            for band in 0..<bands { weights[bin * bands + band] = Float(max(0, 1 - abs(place - Double(band + 1)))) }
        }
        return Tensor(weights, [bins, bands])
    }

    /// Weights of the bins of a Fourier transform in each band.
    ///
    ///     returns [bins, bands]
    static func weights(rate: Int, size: Int, bands: Int, low: Double, high: Double) -> Tensor {
        let bins = size / 2 + 1
        let (first, last) = (MelScale.mel(low), MelScale.mel(high))
        let edges = (0..<bands + 2).map { MelScale.hertz(first + (last - first) * Double($0) / Double(bands + 1)) }
        var weights = [Float](repeating: 0, count: bins * bands)
        for bin in 0..<bins {
            let frequency = Double(bin * rate) / Double(size)
            for band in 0..<bands {
                let (left, middle, right) = (edges[band], edges[band + 1], edges[band + 2])
                let height = min((frequency - left) / (middle - left), (right - frequency) / (right - middle))
                weights[bin * bands + band] = Float(max(0, height) * 2 / (right - left))
            }
        }
        return Tensor(weights, [bins, bands])
    }
}

/// Slaney's scale of pitch: linear up to 1,000 Hz, logarithmic above.
public enum MelScale {
    public static func mel(_ hertz: Double) -> Double { hertz < 1000 ? hertz * 3 / 200 : 15 + 27 * log(hertz / 1000) / log(6.4) }
    public static func hertz(_ mel: Double) -> Double { mel < 15 ? mel * 200 / 3 : 1000 * exp((mel - 15) * log(6.4) / 27) }
}
