import Diffusion
import Lab
import Tensors
import Testing

/// Code that the tutorials quote: between the marks, word for word.
@Suite struct ExcerptTests {
    @Test func `the exact denoiser turns noise into the ring`() throws {
        // exact sampling
        let mixture = GaussianMixture.ring()  // eight blobs on a circle
        let schedule = FlowMatching()  // x_t = (1 - t) x0 + t ε
        let denoiser = ExactDenoiser(mixture, schedule)  // E[x0 | x_t], a closed formula
        let places = (0..<2000).map { Noise(seed: 0)($0) }  // an address for each sample
        let x = HeunSampler().sample(
            from: GaussianCorruption(schedule).prior(places, [2]),  // pure noise, [2000, 2]
            along: try Spacing.uniform.grid(steps: 24, for: schedule), schedule: schedule,
            noise: StepNoise(places), predict: denoiser.predictor(schedule: schedule))
        let coverage = ModeCoverage(x, of: mixture)
        // end exact sampling
        #expect(coverage.within > 0.975)
        #expect(coverage.imbalance(of: mixture) < 0.03)
    }

    @Test func `the score is what the denoiser says, scaled`() {
        let (mixture, schedule) = (GaussianMixture.ring(), FlowMatching())
        let x = Noise(seed: 1).normal([5, 2])
        // score
        let (alpha, sigma) = (schedule.alpha(0.5), schedule.sigma(0.5))
        let denoised = mixture.denoised(x, alpha: alpha, sigma: sigma)
        let score = (denoised * Float(alpha) - x) / Float(sigma * sigma)
        // end score
        let exact = mixture.score(x, alpha: alpha, sigma: sigma)
        #expect(zip(score.values, exact.values).allSatisfy { abs($0 - $1) < 1e-4 * max(1, abs($1)) })
    }
}
