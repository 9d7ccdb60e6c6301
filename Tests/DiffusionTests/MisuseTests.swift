import Diffusion
import Tensors
import Testing

/// Programmer errors stop at the operation, not far from it.
@Suite struct MisuseTests {
    @Test func `shapes and times that do not fit are refused`() async {
        await #expect(processExitsWith: .failure) {
            _ = GaussianCorruption(FlowMatching()).corrupt(.zeros([2, 3]), at: [0.5], noise: .zeros([2, 3]))
        }
        await #expect(processExitsWith: .failure) { _ = TimeGrid([.init(now: 0.2, next: 0.4)]) }
        await #expect(processExitsWith: .failure) { _ = Coefficient([1, 2], [3]) }
        await #expect(processExitsWith: .failure) { _ = StepNoise([Noise(seed: 1)])(0, [2, 3]) }
        await #expect(processExitsWith: .failure) {
            _ = Parameterization.logits.x0(from: .zeros([1]), at: .zeros([1]), NoiseLevel(alpha: 1, sigma: 1))
        }
        await #expect(processExitsWith: .failure) {
            _ = Guidance(scale: 2).combined(Prediction(.zeros([1, 2]), .v), Prediction(.zeros([1, 3]), .v))
        }
    }
}
