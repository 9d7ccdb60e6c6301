import Glibc

/// The Fourier transform of rows of `length` real numbers and its inverse, both with gradients.
public struct FourierTransform: Sendable {
    /// Even; half of it has no prime factor beyond 5.
    public let length: Int
    /// Real numbers of a row become so many complex ones, length / 2 + 1.
    public var bins: Int { length / 2 + 1 }
    let turns: Tensor

    /// Whether rows of `length` can be transformed.
    public static func isKnown(_ length: Int) -> Bool {
        length % 2 == 0 && length > 0
            && [2, 3, 5].reduce(length / 2) { rest, factor in
                var rest = rest
                while rest % factor == 0 { rest /= factor }
                return rest
            } == 1
    }

    public init(_ length: Int) {
        require(
            Self.isKnown(length), "FourierTransform: rows of \(length); an even number whose half is made of 2, 3 and 5 is known")
        self.length = length
        let angles = (0..<length).map { 2 * Double.pi * Double($0) / Double(length) }
        turns = Tensor(angles.flatMap { [Float(cos($0)), Float(-sin($0))] }, [length, 2])
    }

    /// Bin k is Σ x_j exp(-2πi j k / length), as `numpy.fft.rfft`.
    ///
    ///     x: [..., length]
    ///     returns [..., 2, bins]    real parts, then imaginary parts
    public func callAsFunction(_ x: Tensor) -> Tensor {
        require(x.shape.last == length, "FourierTransform of \(length): shape \(x.shape)")
        let (shape, node) = (x.shape, x.node)
        let y = forward(x, inner: 1, ends: 1).reshaped(shape.dropLast() + [2, bins])
        return recorded("fourier", y, x) { g, table in table.add(back(g, inner: 0.5, ends: 1).reshaped(shape), to: node) }
    }

    /// As `numpy.fft.irfft`: imaginary parts of the first and last bin do not count.
    ///
    ///     x: [..., 2, bins]
    ///     returns [..., length]
    public func inverse(_ x: Tensor) -> Tensor {
        require(x.shape.suffix(2) == [2, bins], "FourierTransform of \(length), inverse: shape \(x.shape)")
        let (shape, node, share) = (x.shape, x.node, 1 / Float(length))
        let y = back(x, inner: share, ends: share).reshaped(shape.dropLast(2) + [length])
        return recorded("fourier inverse", y, x) { g, table in
            table.add(forward(g, inner: 2 * share, ends: share).reshaped(shape), to: node)
        }
    }

    private func forward(_ x: Tensor, inner: Float, ends: Float) -> Tensor {
        let y = Tensor(uninitialized: [x.count / length, 2, bins])
        backend.fourier(x.detached().cast(to: .f32).contiguous(), length, turns, inner: inner, ends: ends, into: y)
        return y
    }

    private func back(_ x: Tensor, inner: Float, ends: Float) -> Tensor {
        let y = Tensor(uninitialized: [x.count / (2 * bins), length])
        backend.fourierBack(x.detached().cast(to: .f32).contiguous(), length, turns, inner: inner, ends: ends, into: y)
        return y
    }
}

/// Frames of `size` numbers, `hop` apart, cut out of signals and multiplied by a window. Numbers behind the last whole frame are dropped.
///
///     x: [B, L], window: [size]
///     returns [B, (L - size) / hop + 1, size]
public func framed(_ x: Tensor, size: Int, hop: Int, window: Tensor? = nil) -> Tensor {
    let (signals, length) = x.shape2
    require(
        size > 0 && hop > 0 && length >= size && (window == nil || window!.shape == [size]),
        "framed: signals \(x.shape) in frames of \(size), \(hop) apart")
    let y = Tensor(uninitialized: [signals, (length - size) / hop + 1, size])
    let window = window?.detached().contiguous()
    backend.frames(x.detached().cast(to: .f32).contiguous(), hop: hop, window: window, into: y)
    let node = x.node
    return recorded("framed", y, x) { g, table in
        table.add(overlapAdded(g, length: length, hop: hop, window: window), to: node)
    }
}

/// Signals of `length` numbers: frames, multiplied by a window, added up `hop` apart. What no frame reaches is 0.
///
///     x: [B, N, size], window: [size]
///     returns [B, length]
public func overlapAdded(_ x: Tensor, length: Int, hop: Int, window: Tensor? = nil) -> Tensor {
    let (signals, frames, size) = x.shape3
    require(
        hop > 0 && frames > 0 && (frames - 1) * hop + size <= length && (window == nil || window!.shape == [size]),
        "overlapAdded: frames \(x.shape), \(hop) apart, into \(length)")
    let y = Tensor(uninitialized: [signals, length])
    let window = window?.detached().contiguous()
    backend.overlapAdd(x.detached().cast(to: .f32).contiguous(), hop: hop, window: window, into: y)
    let node = x.node
    return recorded("overlapAdded", y, x) { g, table in
        let reached = g.slice(1, 0..<(frames - 1) * hop + size)
        table.add(framed(reached, size: size, hop: hop, window: window), to: node)
    }
}
