import Glibc

/// Short-time Fourier transforms with a Hann window, as librosa's: frame n is centred on number n · hop of the signal.
public struct ShortTimeFourier: Sendable {
    public let transform: FourierTransform
    public let hop: Int
    /// `[size]`, periodic; 0 behind its end.
    public let window: Tensor

    public var size: Int { transform.length }
    public var bins: Int { transform.bins }
    /// Numbers that a frame reaches to either side of its centre.
    public var reach: Int { size / 2 }

    /// - Parameters:
    ///   - size: of a frame, `n_fft` of librosa; see `FourierTransform.isKnown`.
    ///   - length: of the window, which stands at the beginning of the frame; all of it when nil.
    public init(size: Int, hop: Int, window length: Int? = nil) {
        let length = length ?? size
        require(hop > 0 && (1...size).contains(length), "ShortTimeFourier: hop \(hop), window \(length) of \(size)")
        transform = FourierTransform(size)
        self.hop = hop
        let hann = (0..<length).map { Float(0.5 - 0.5 * cos(2 * Double.pi * Double($0) / Double(length))) }
        window = Tensor(hann + [Float](repeating: 0, count: size - length), [size])
    }

    /// How many frames a signal has.
    public func frames(of length: Int) -> Int { length / hop + 1 }

    /// Spectra of signals continued by their mirror images.
    ///
    ///     x: [B, L], L at least 1
    ///     returns [B, L / hop + 1, 2, bins]    real parts, then imaginary parts
    public func callAsFunction(_ x: Tensor) -> Tensor { spectra(reflected(x, by: reach)) }

    /// Spectra of the frames that lie wholly in the signals.
    ///
    ///     x: [B, L], L at least size
    ///     returns [B, (L - size) / hop + 1, 2, bins]
    public func spectra(_ x: Tensor) -> Tensor { transform(framed(x, size: size, hop: hop, window: window)) }

    /// The signals whose spectra come nearest to these in the sum of squares (Griffin and Lim 1984, eq. 6).
    ///
    ///     x: [B, N, 2, bins]
    ///     returns [B, length]
    public func inverse(_ x: Tensor, length: Int) -> Tensor { inverse(x, length: length, weight: weight(frames: x.shape[1])) }

    /// What squared windows add up to, `[1, L]`; for many inverses of as many frames.
    package func weight(frames: Int) -> Tensor {
        overlapAdded(.ones([1, frames, size]), length: (frames - 1) * hop + size, hop: hop, window: window.square())
    }

    package func inverse(_ x: Tensor, length: Int, weight: Tensor) -> Tensor {
        let (signals, frames) = (x.shape[0], x.shape[1])
        require(length > 0 && frames == self.frames(of: length), "ShortTimeFourier: \(frames) frames for \(length) numbers")
        let whole = (frames - 1) * hop + size
        let sum = overlapAdded(transform.inverse(x), length: whole, hop: hop, window: window)
        let range = reach..<min(whole, reach + length)
        let heard = sum.slice(1, range) / maximum(weight.slice(1, range), Tensor(1e-8))
        // The last frame may end before the signal does.
        let silent = length - heard.shape[1]
        return silent == 0 ? heard : concatenated([heard, .zeros([signals, silent])], axis: 1)
    }
}

/// Squared magnitudes of complex numbers, as `FourierTransform` and `ShortTimeFourier` give them.
///
///     x: [..., 2, bins]
///     returns [..., bins]
public func squaredMagnitudes(_ x: Tensor) -> Tensor {
    require(x.rank >= 2 && x.shape[x.rank - 2] == 2, "squaredMagnitudes: shape \(x.shape)")
    return (x.slice(-2, 0..<1).square() + x.slice(-2, 1..<2).square()).squeezed(-2)
}
