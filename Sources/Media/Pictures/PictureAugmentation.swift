import Tensors

/// Random views of pictures, so that a classifier learns what stays when a picture is cut, mirrored or tinted.
///
/// What is drawn for a picture depends on its place alone, never on its batch.
public struct PictureAugmentation: Sendable, Equatable {
    /// Side of the part that is shown, as a share of the picture's; beyond 1 the edge's pixels are repeated.
    public var crop: ClosedRange<Float>
    /// Mirrors every second picture.
    public var flips: Bool
    /// Largest change of brightness, contrast and saturation, as a share.
    public var color: Float

    public init(crop: ClosedRange<Float>, flips: Bool, color: Float) {
        require(crop.lowerBound > 0 && (0...1).contains(color), "PictureAugmentation: crop \(crop), color \(color)")
        (self.crop, self.flips, self.color) = (crop, flips, color)
    }

    /// x: `[B, H, W, 3]` in [-1, 1], without a gradient; returns the same shape and range.
    public func callAsFunction(_ x: Tensor, at places: [Noise]) -> Tensor {
        let (B, H, W, C) = x.shape4
        require(C == 3 && places.count == B, "PictureAugmentation: pictures \(x.shape) at \(places.count) places")
        let source = x.values
        let result = [Float](unsafeUninitializedCapacity: source.count) { out, count in
            source.withUnsafeBufferPointer { source in
                for b in 0..<B {
                    let rows = b * H * W * 3..<(b + 1) * H * W * 3
                    view(
                        at: places[b], of: UnsafeBufferPointer(rebasing: source[rows]), H, W,
                        into: UnsafeMutableBufferPointer(rebasing: out[rows]))
                }
            }
            count = source.count
        }
        return Tensor(result, x.shape)
    }

    private func view(
        at place: Noise, of x: UnsafeBufferPointer<Float>, _ H: Int, _ W: Int, into y: UnsafeMutableBufferPointer<Float>
    ) {
        let u = place.uniform([7]).values
        let share = crop.lowerBound + (crop.upperBound - crop.lowerBound) * u[0]
        let rows = Self.taps(H, share, at: u[1], mirrored: false)
        let columns = Self.taps(W, share, at: u[2], mirrored: flips && u[3] < 0.5)
        func change(_ u: Float) -> Float { color * (2 * u - 1) }
        let (brightness, contrast, saturation) = (change(u[4]), 1 + change(u[5]), change(u[6]))
        for i in 0..<H {
            for j in 0..<W {
                let (r, c) = (rows[i], columns[j])
                var pixel = SIMD3<Float>()
                for k in 0..<3 {
                    func at(_ row: Int, _ column: Int) -> Float { x[(row * W + column) * 3 + k] }
                    let above = at(r.low, c.low) + c.weight * (at(r.low, c.high) - at(r.low, c.low))
                    let below = at(r.high, c.low) + c.weight * (at(r.high, c.high) - at(r.high, c.low))
                    pixel[k] = above + r.weight * (below - above)
                }
                let luma = (pixel * SIMD3(0.299, 0.587, 0.114)).sum()  // ITU-R BT.601
                pixel = (pixel + (pixel - luma) * saturation) * contrast + brightness
                for k in 0..<3 { y[(i * W + j) * 3 + k] = min(1, max(-1, pixel[k])) }
            }
        }
    }

    /// Between which two pixels of the original each pixel of the view lies, and how far it is on the way to the second.
    private static func taps(
        _ size: Int, _ share: Float, at u: Float, mirrored: Bool
    ) -> [(low: Int, high: Int, weight: Float)] {
        let start = Float(size) * (1 - share) * u
        return (0..<size).map { i in
            let target = Float(mirrored ? size - 1 - i : i)
            let spot = min(Float(size - 1), max(0, start + (target + 0.5) * share - 0.5))
            let low = Int(spot)
            return (low, min(size - 1, low + 1), spot - Float(low))
        }
    }
}
