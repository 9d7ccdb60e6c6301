import Glibc
import Metrics
import Tensors
import Testing

@Suite struct PictureDifferenceTests {
    /// Waves by a formula that the peer's script below repeats.
    private func picture(_ H: Int, _ W: Int, _ C: Int, phase: Double) -> Tensor {
        var values: [Float] = []
        for i in 0..<H {
            for j in 0..<W {
                for c in 0..<C {
                    let (y, x, k) = (Double(i), Double(j), Double(c))
                    values.append(Float(sin(0.37 * y * (k + 1) + 0.21 * x + phase) * cos(0.11 * y - 0.45 * x + k)))
                }
            }
        }
        return Tensor(values, [1, H, W, C])
    }

    @Test func `a constant difference has the errors of the closed form, picture by picture`() {
        let x = Tensor.zeros([2, 12, 12, 3])
        let y = concatenated([Tensor.full([1, 12, 12, 3], 0.5), .full([1, 12, 12, 3], -1)], axis: 0)
        #expect(PictureDifference.l1(x, y) == [0.25, 0.5])
        #expect(PictureDifference.meanSquared(x, y) == [0.0625, 0.25])
        let psnr = PictureDifference.psnr(x, y)
        #expect(abs(psnr[0] - 12.041199826559248) < 1e-9 && abs(psnr[1] - 6.020599913279624) < 1e-9)
        #expect(PictureDifference.psnr(x, x) == [.infinity, .infinity])
        // Flat pictures differ in light alone: (2 ab + c1) / (a² + b² + c1) with a = 0.
        let ssim = PictureDifference.ssim(x, y)
        #expect(abs(ssim[0] - 4e-4 / (0.25 + 4e-4)) < 1e-7 && abs(ssim[1] - 4e-4 / (1 + 4e-4)) < 1e-7)
    }

    @Test func `structural similarity is that of a peer over SciPy's Gaussian filter`() {
        // gaussian_filter(sigma 1.5, truncate 3.5), population covariance, 5 pixels cropped on each side, mean over channels:
        // what skimage does with gaussian_weights=True, use_sample_covariance=False.
        let (x, y) = (picture(17, 14, 2, phase: 0), picture(17, 14, 2, phase: 0.6))
        #expect(abs(PictureDifference.ssim(x, y)[0] - 0.5050391087340523) < 1e-6)
        #expect(abs(PictureDifference.ssim(x, x)[0] - 1) < 1e-12)
        // A range of 1 for values in [0, 1] is the same measure.
        #expect(abs(PictureDifference.ssim(x / 2, y / 2, range: 1)[0] - PictureDifference.ssim(x, y)[0]) < 1e-6)
    }
}
