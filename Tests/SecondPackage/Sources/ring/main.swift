import LatentLab

// Draws from a ring of eight blobs with the exact denoiser, then fits a plane to the points with a module of its own.

final class Plane: Module {
    let slope = Linear(2, 1)
}

let mixture = GaussianMixture.ring()
let schedule = FlowMatching()
let places = (0..<500).map { Noise(seed: 0)($0) }
let points = HeunSampler().sample(
    from: GaussianCorruption(schedule).prior(places, [2]), along: try Spacing.uniform.grid(steps: 24, for: schedule),
    schedule: schedule, noise: StepNoise(places), predict: ExactDenoiser(mixture, schedule).predictor(schedule: schedule))
print("within three deviations: \((100 * ModeCoverage(points, of: mixture).within).rounded()) %")

/// Loss before and after 200 steps of gradient descent.
func fitted(_ points: Tensor) -> (before: Float, after: Float) {
    let plane = Plane()
    plane.initialize(Noise(seed: 1))
    let wanted = matmul(points, Tensor([2, -3], [2, 1])) + 1
    func loss() -> Tensor { (plane.slope(points) - wanted).square().mean() }
    let before = loss().scalar
    for _ in 0..<200 {
        let parameters = plane.parameters()
        let found = gradients(of: loss(), wrt: parameters.map(\.value))
        for (p, gradient) in zip(parameters, found) { p.set(p.value - gradient * 0.1) }
    }
    return (before, loss().scalar)
}

let (before, after) = fitted(points)
print("plane: loss \(before) to \(after)")
guard after < 1e-6 * before else { fatalError("the plane was not fitted") }
