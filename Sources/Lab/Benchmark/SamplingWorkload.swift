import Denoisers
import Diffusion
import Tensors

extension Workload {
    /// 4 latents by 50 steps of DPM-Solver++(2M), guidance 4 by one doubled batch of 8 a step; latents only, no decoding.
    static var ditSampling: Workload {
        let c = DiTConfiguration.preset("S", patch: 2)
        let (count, steps) = (4, 50)
        return Workload(
            name: "dit-s2-sample", summary: "\(count) latents, \(steps) steps of dpmpp-2m, guidance 4",
            flops: c.forwardFlops * Double(2 * count * steps), bytes: 4 * c.weightCount * Double(steps)
        ) { precision in
            let model = model(c, classes: 1000)
            guard let schedule = try? ChainSchedule(), let grid = try? Spacing.linspace.grid(steps: steps, for: schedule) else {
                fatalError("dit-s2-sample: the linear chain has no grid of \(steps) steps")
            }
            return drawing(
                count, by: model, schedule, grid, Condition(.classes, labels: Array(0..<count)), guidance: 4, precision)
        }
    }

    /// Draws so many latents by DPM-Solver++(2M), from other noise at every call.
    static func drawing(
        _ count: Int, by model: DiffusionTransformer, _ schedule: any Schedule, _ grid: TimeGrid, _ told: Condition,
        guidance: Float, _ precision: Precision
    ) -> () -> Void {
        let c = model.configuration
        var run = 0
        return {
            run += 1
            let places = (0..<count).map { Noise(seed: 4)(run)($0) }
            let x = normal(places.map { $0("prior") }, [c.height, c.width, c.channels])
            _ = withPrecision(precision) {
                DPMSolver2M().sample(
                    from: x, along: grid, schedule: schedule, noise: StepNoise(places),
                    predict: model.predictor(
                        schedule: schedule, along: grid, conditions: [told], guidance: Guidance(scale: guidance)))
            }
        }
    }
}
