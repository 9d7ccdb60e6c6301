import Diffusion
import TestKit
import Tensors
import Testing

@Suite struct EditingTests {
    let schedule = FlowMatching()
    let mixture = ExactDenoiserTests.mixture
    let places = (0..<5).map { Noise(seed: 9)($0) }
    var known: Tensor { mixture.sample(places).x }

    func run(from x: Tensor, _ grid: TimeGrid, constrain: ((Tensor, Double) -> Tensor)? = nil) -> Tensor {
        DDIMSampler(eta: 0.5).sample(
            from: x, along: grid, schedule: schedule, noise: StepNoise(places), constrain: constrain,
            predict: ExactDenoiser(mixture, schedule).predictor(schedule: schedule))
    }

    @Test func `a strength of nought returns the data and of one forgets them`() throws {
        let grid = try Spacing.uniform.grid(steps: 20, for: schedule)
        let none = Renoising(strength: 0, along: grid, schedule: schedule)
        expectIdentical(run(from: none.start(from: known, places), none.grid), known)
        let all = Renoising(strength: 1, along: grid, schedule: schedule)
        #expect(all.grid == grid)
        expectIdentical(all.start(from: known, places), GaussianCorruption(schedule).prior(places, [3]))
    }

    @Test func `the start has the noise that its time asks for, and more strength moves further`() throws {
        let grid = try Spacing.uniform.grid(steps: 20, for: schedule)
        var last: Float = 0
        for strength in [0.1, 0.5, 0.9] {
            let edit = Renoising(strength: strength, along: grid, schedule: schedule)
            #expect(abs(edit.grid.start - strength) < 1e-9)
            let start = edit.start(from: known, places)
            let expected = known * Float(1 - strength) + normal(places.map { $0("prior") }, [3]) * Float(strength)
            expectClose(start, expected, relative: 1e-6)
            let moved = (run(from: start, edit.grid) - known).square().mean().scalar
            #expect(moved > last)
            last = moved
        }
    }

    @Test func `inpainting keeps the known bit for bit and paints everything else`() throws {
        let grid = try Spacing.uniform.grid(steps: 20, for: schedule)
        let start = GaussianCorruption(schedule).prior(places, [3])
        let mask = Tensor([0, 1, 1], [3])
        let found = run(
            from: start, grid,
            constrain: Inpainting(known: known, mask: mask, schedule: schedule, places: places).callAsFunction)
        expectIdentical(found.slice(1, 0..<1), known.slice(1, 0..<1))
        let plain = run(from: start, grid)
        #expect(found.slice(1, 1..<3).values != plain.slice(1, 1..<3).values)
        let everything = Inpainting(known: known, mask: .ones([3]), schedule: schedule, places: places)
        expectIdentical(run(from: start, grid, constrain: everything.callAsFunction), plain)
    }

    @Test func `at each time the known region has that time's noise`() {
        let inpainting = Inpainting(known: known, mask: Tensor([0, 0, 1], [3]), schedule: schedule, places: places)
        let x = Noise(seed: 12).normal([5, 3])
        let found = inpainting(x, 0.6)
        expectIdentical(found.slice(1, 2..<3), x.slice(1, 2..<3))
        expectIdentical(found, inpainting(x, 0.6))
        // What is not the signal is standard normal times 0.6, other at every time.
        let many = (0..<3000).map { Noise(seed: 13)($0) }
        let plain = Tensor([2, 3], [2]).broadcast(to: [3000, 2])
        let noised = { (time: Double) in
            (Inpainting(known: plain, mask: .zeros([2]), schedule: schedule, places: many)(.zeros([3000, 2]), time)
                - plain * Float(1 - time)) / Float(time)
        }
        let (early, late) = (noised(0.6), noised(0.2))
        #expect(abs(early.mean().scalar) < 0.06 && abs(early.square().mean().scalar - 1) < 0.08)
        #expect(abs((early * late).mean().scalar) < 0.06)
    }

    @Test func `the painted region follows the known one`() throws {
        // Component 0 has first coordinate 1, component 1 has -1: knowing it should decide the rest, which
        // left alone is 3 to 1.
        let grid = try Spacing.uniform.grid(steps: 100, for: schedule)
        let places = (0..<100).map { Noise(seed: 14)($0) }
        for (first, component, bound) in [(Float(1), 0, 90), (-1, 1, 65)] {
            let known = Tensor([first, 9, 9], [3]).broadcast(to: [100, 3])
            let x = AncestralSampler(variance: .small).sample(
                from: GaussianCorruption(schedule).prior(places, [3]), along: grid, schedule: schedule,
                noise: StepNoise(places),
                constrain: Inpainting(known: known, mask: Tensor([0, 1, 1], [3]), schedule: schedule, places: places)
                    .callAsFunction, predict: ExactDenoiser(mixture, schedule).predictor(schedule: schedule))
            let following = (0..<100).filter { b in
                let point = x.slice(0, b..<b + 1).values.map(Double.init)
                return mixture.posterior(point, alpha: 1, sigma: 0.2).chances[component] > 0.9
            }
            #expect(following.count >= bound, "\(following.count) of 100 follow component \(component)")
        }
    }
}
