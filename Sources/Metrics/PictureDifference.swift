import Glibc
import Tensors

/// How far pictures are from their originals, one number per picture.
///
///     x, y: [B, H, W, C]
///     range: largest minus smallest value a pixel can take, 2 for [-1, 1]
public enum PictureDifference {
    /// Mean absolute difference, on a scale where `range` is 1.
    public static func l1(_ x: Tensor, _ y: Tensor, range: Float = 2) -> [Double] {
        perPicture(x, y) { a, b in
            zip(a, b).reduce(0) { $0 + abs(Double($1.0) - Double($1.1)) } / Double(a.count)
        }
        .map { $0 / Double(range) }
    }

    /// Mean squared difference, on a scale where `range` is 1.
    public static func meanSquared(_ x: Tensor, _ y: Tensor, range: Float = 2) -> [Double] {
        perPicture(x, y) { a, b in
            zip(a, b).reduce(0) { sum, pair in
                let difference = (Double(pair.0) - Double(pair.1)) / Double(range)
                return sum + difference * difference
            } / Double(a.count)
        }
    }

    /// Peak signal-to-noise ratio in decibels: 10 log10(range² / mean squared difference); infinite for
    /// equal pictures.
    public static func psnr(_ x: Tensor, _ y: Tensor, range: Float = 2) -> [Double] {
        meanSquared(x, y, range: range).map { -10 * log10($0) }
    }

    static func perPicture(_ x: Tensor, _ y: Tensor, _ body: (ArraySlice<Float>, ArraySlice<Float>) -> Double)
        -> [Double]
    {
        require(x.rank == 4 && x.shape == y.shape, "PictureDifference: \(x.shape) and \(y.shape)")
        let (a, b, size) = (x.values, y.values, x.count / max(1, x.shape[0]))
        return (0..<x.shape[0]).map { i in
            let range = i * size..<(i + 1) * size
            return body(a[range], b[range])
        }
    }
}
