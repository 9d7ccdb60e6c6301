import Glibc
import Tensors

/// The filter that weighs source pixels when a picture changes its size.
public enum Resampling: String, Sendable, CaseIterable {
    case box, bilinear, bicubic, lanczos

    /// Half the filter's width, in pixels of the coarser picture.
    var support: Double {
        switch self {
        case .box: 0.5
        case .bilinear: 1
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    func weight(_ x: Double) -> Double {
        let d = abs(x)
        switch self {
        case .box: return x > -0.5 && x <= 0.5 ? 1 : 0
        case .bilinear: return max(0, 1 - d)
        case .bicubic:  // Keys 1981 with a = -1/2
            if d < 1 { return (1.5 * d - 2.5) * d * d + 1 }
            return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0
        case .lanczos:
            if d == 0 { return 1 }
            return d < 3 ? 3 * sin(.pi * d) * sin(.pi * d / 3) / (.pi * .pi * d * d) : 0
        }
    }
}

extension Picture {
    /// The picture at another size, antialiased: on the way down the filter widens with the scale.
    ///
    /// Columns first, rounded to 8 bits, then rows: the convention of Pillow's `resize`, to within one level.
    public func resized(width newWidth: Int, height newHeight: Int, _ filter: Resampling = .bicubic)
        -> Picture
    {
        require(newWidth > 0 && newHeight > 0, "resized: \(newWidth)x\(newHeight) is empty")
        if newWidth == width && newHeight == height { return self }
        if channels == 4 {  // colors count by their coverage
            return premultiplied.resizedSamples(newWidth, newHeight, filter).unpremultiplied
        }
        return resizedSamples(newWidth, newHeight, filter)
    }

    /// Scaled until the shorter side is `side`, then cut to the centred square.
    public func fitted(to side: Int, _ filter: Resampling = .bicubic) -> Picture {
        centerSquare.resized(width: side, height: side, filter)
    }

    private func resizedSamples(_ newWidth: Int, _ newHeight: Int, _ filter: Resampling) -> Picture {
        var picture = self
        if newWidth != width {
            let taps = Taps(from: width, to: newWidth, filter)
            var out = [UInt8](repeating: 0, count: height * newWidth * channels)
            for y in 0..<height {
                for x in 0..<newWidth {
                    for c in 0..<channels {
                        let start = (y * width + taps.first[x]) * channels + c
                        out[(y * newWidth + x) * channels + c] = taps.apply(
                            x, to: pixels, start, step: channels)
                    }
                }
            }
            picture = Picture(width: newWidth, height: height, channels: channels, pixels: out)
        }
        if newHeight != height {
            let taps = Taps(from: height, to: newHeight, filter)
            let row = newWidth * channels
            var out = [UInt8](repeating: 0, count: newHeight * row)
            for y in 0..<newHeight {
                for i in 0..<row {
                    out[y * row + i] = taps.apply(y, to: picture.pixels, taps.first[y] * row + i, step: row)
                }
            }
            picture = Picture(width: newWidth, height: newHeight, channels: channels, pixels: out)
        }
        return picture
    }

    private var premultiplied: Picture {
        var out = self
        for i in 0..<width * height {
            let alpha = Int(pixels[i * 4 + 3])
            for c in 0..<3 { out.pixels[i * 4 + c] = UInt8((Int(pixels[i * 4 + c]) * alpha + 127) / 255) }
        }
        return out
    }

    private var unpremultiplied: Picture {
        var out = self
        for i in 0..<width * height {
            let alpha = Int(pixels[i * 4 + 3])
            guard alpha > 0 else { continue }
            for c in 0..<3 { out.pixels[i * 4 + c] = UInt8(min(255, 255 * Int(pixels[i * 4 + c]) / alpha)) }
        }
        return out
    }
}

/// Which source samples each output sample is made of, along one axis.
private struct Taps {
    private(set) var first: [Int] = []
    private var weights: [[Float]] = []

    init(from count: Int, to newCount: Int, _ filter: Resampling) {
        let scale = Double(count) / Double(newCount)
        let stretch = max(1, scale)
        let support = filter.support * stretch
        for i in 0..<newCount {
            let center = (Double(i) + 0.5) * scale
            let low = max(0, Int(center - support + 0.5))
            let high = min(count, Int(center + support + 0.5))
            let raw = (low..<high).map { filter.weight((Double($0) - center + 0.5) / stretch) }
            let sum = raw.reduce(0, +)
            first.append(low)
            weights.append(raw.map { Float($0 / sum) })
        }
    }

    func apply(_ i: Int, to samples: [UInt8], _ start: Int, step: Int) -> UInt8 {
        var sum: Float = 0
        var at = start
        for weight in weights[i] {
            sum += weight * Float(samples[at])
            at += step
        }
        return UInt8(max(0, min(255, (sum + 0.5).rounded(.down))))
    }
}
