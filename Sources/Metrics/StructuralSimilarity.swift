import Glibc
import Tensors

extension PictureDifference {
    /// Structural similarity (Wang et al. 2004), 1 for equal pictures: Gaussian window of 11 × 11 with
    /// deviation 1.5, population covariance, mean over the positions where the window fits and over
    /// channels.
    ///
    ///     x, y: [B, H, W, C] with H and W at least 11
    public static func ssim(_ x: Tensor, _ y: Tensor, range: Float = 2) -> [Double] {
        let (_, H, W, C) = x.shape4
        require(H >= 11 && W >= 11, "ssim: pictures of \(H)x\(W) are smaller than the window of 11x11")
        let weights = window
        let peak = Double(range)
        let (c1, c2) = ((0.01 * peak) * (0.01 * peak), (0.03 * peak) * (0.03 * peak))
        return perPicture(x, y) { a, b in
            var total = 0.0
            for channel in 0..<C {
                let p = stride(from: a.startIndex + channel, to: a.endIndex, by: C).map { Double(a[$0]) }
                let q = stride(from: b.startIndex + channel, to: b.endIndex, by: C).map { Double(b[$0]) }
                func smooth(_ values: [Double]) -> [Double] { filtered(values, H, W, weights) }
                let (mp, mq) = (smooth(p), smooth(q))
                let pp = smooth(p.map { $0 * $0 })
                let qq = smooth(q.map { $0 * $0 })
                let pq = smooth(zip(p, q).map { $0 * $1 })
                var sum = 0.0
                for i in mp.indices {
                    let (vp, vq, cov) = (pp[i] - mp[i] * mp[i], qq[i] - mq[i] * mq[i], pq[i] - mp[i] * mq[i])
                    let light = (2 * mp[i] * mq[i] + c1) / (mp[i] * mp[i] + mq[i] * mq[i] + c1)
                    sum += light * (2 * cov + c2) / (vp + vq + c2)
                }
                total += sum / Double(mp.count)
            }
            return total / Double(C)
        }
    }

    private static var window: [Double] {
        let raw = (-5...5).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
        let total = raw.reduce(0, +)
        return raw.map { $0 / total }
    }

    /// Rows, then columns, only where the window fits: `[H, W]` to `[H - 10, W - 10]`.
    private static func filtered(_ x: [Double], _ H: Int, _ W: Int, _ weights: [Double]) -> [Double] {
        let (h, w) = (H - 10, W - 10)
        var rows = [Double](repeating: 0, count: H * w)
        for i in 0..<H {
            for j in 0..<w {
                var sum = 0.0
                for k in 0..<11 { sum += weights[k] * x[i * W + j + k] }
                rows[i * w + j] = sum
            }
        }
        var result = [Double](repeating: 0, count: h * w)
        for i in 0..<h {
            for k in 0..<11 {
                let weight = weights[k]
                for j in 0..<w { result[i * w + j] += weight * rows[(i + k) * w + j] }
            }
        }
        return result
    }
}
