import Diffusion
import TestKit
import Tensors
import Testing

@Suite struct ScheduleTests {
    static let all: [any Schedule] = [
        try! ChainSchedule(), try! ChainSchedule(.scaledLinear()), try! ChainSchedule(.cosine()),
        try! ChainSchedule(.squareRoot(), steps: 2000), try! ChainSchedule(.linear(), zeroTerminalSNR: true),
        VariancePreservingCosine(), VariancePreservingCosine(shift: 0.5), FlowMatching(), FlowMatching(shift: 3),
    ]

    @Test func `published reference values are met`() throws {
        let linear = try ChainSchedule()
        #expect(abs(linear.alphaBars[1000] - 4.0e-5) < 5e-7)
        let cosine = try ChainSchedule(.cosine())
        #expect(abs(cosine.betas[0] - 4.13e-5) < 1e-7)
        #expect(cosine.betas.filter { $0 == 0.999 }.count == 1)
        let root = try ChainSchedule(.squareRoot(), steps: 2000)
        #expect(abs(root.alphaBars[1] - 0.9854) < 5e-5)
        #expect(abs(root.alphaBars[1000] - 0.2958) < 5e-5)
        #expect(abs(root.sigma(1 / 2000) - 0.121) < 5e-4)
        // Other lengths destroy as much as a thousand steps do.
        #expect(abs(try ChainSchedule(steps: 4000).alphaBars[4000] / linear.alphaBars[1000] - 1) < 0.1)
    }

    @Test(arguments: [("linear", BetaTable.linear()), ("scaled_linear", .scaledLinear()), ("cosine", .cosine())])
    func `tables agree with diffusers`(name: String, table: BetaTable) throws {
        let file = try Goldens.open("schedules.safetensors")
        let chain = try ChainSchedule(table)
        // Their cosine table is f64 until it is stored, the others f32 throughout.
        expectClose(Tensor(chain.betas.map(Float.init), [1000]), try file.tensor("betas.\(name)"), relative: 1e-5)
        expectClose(
            Tensor(chain.alphaBars.dropFirst().map(Float.init), [1000]), try file.tensor("alphas_cumprod.\(name)"),
            relative: 1e-5)
    }

    @Test(arguments: all.indices) func `noise grows from none to all, and the inverse finds the time`(index: Int) {
        let s = Self.all[index]
        #expect(s.alpha(0) == 1 && s.sigma(0) == 0)
        #expect(s.alpha(1) < 0.15 && s.sigma(1) > 0.98)
        var last = -1.0
        for i in 0...997 {
            let t = Double(i) / 997
            let (a, sigma) = (s.alpha(t), s.sigma(t))
            let ratio = sigma / a
            #expect(ratio > last, "\(s) at \(t)")
            last = ratio
            let total = s is FlowMatching ? a + sigma : a * a + sigma * sigma
            #expect(abs(total - 1) < 1e-12)
            // Times near a chain's step snap to it, so the inverse is exact only to that.
            if ratio < 1e6 { #expect(abs(s.time(ratio: ratio) - t) < 1e-6, "\(s) at \(t)") }
        }
    }

    @Test func `networks are told the time in the units they were published with`() throws {
        let chain = try ChainSchedule()
        #expect(chain.networkTime(1) == 999 && chain.networkTime(0.001) == 0)
        #expect(chain.networkTimes((1...1000).map { Float($0) / 1000 }) == (0..<1000).map(Float.init))
        let long = try ChainSchedule(steps: 4000)
        #expect(long.networkTimes((1...4000).map { Float($0) / 4000 }) == (0..<4000).map(Float.init))
        #expect(FlowMatching().networkTime(0.25) == 250)
        #expect(FlowMatching(shift: 3).networkTime(0.5) == 750)
    }

    @Test func `a batch of f32 times gives the table's own values`() throws {
        let chain = try ChainSchedule(.cosine())
        let times = (1...1000).map { Float($0) / 1000 }
        let levels = chain.levels(at: times, rank: 4)
        #expect(levels.alpha.shape == [1000, 1, 1, 1])
        #expect(levels.alpha.values == chain.alphaBars.dropFirst().map { $0.squareRoot() })
        #expect(levels.sigma.values == chain.alphaBars.dropFirst().map { (1 - $0).squareRoot() })
        let (alpha, sigma) = chain.coefficients(at: [0.25, 1], rank: 2)
        #expect(alpha.shape == [2, 1] && sigma.values == [Float(chain.sigma(0.25)), Float(chain.sigma(1))])
    }

    @Test func `zero terminal SNR keeps the first step and empties the last`() throws {
        let plain = try ChainSchedule(.scaledLinear())
        let zero = try ChainSchedule(.scaledLinear(), zeroTerminalSNR: true)
        #expect(abs(zero.alphaBars[1] - plain.alphaBars[1]) < 1e-12)
        #expect(zero.alphaBars[1000] == 0 && zero.alphaBars[999] > 0)
        #expect(plain.coordinates == .ratio && zero.coordinates == .straight)
        // √ᾱ is an affine image of the plain one.
        let slope = { (k: Int) in
            (zero.alphaBars[k].squareRoot() - zero.alphaBars[1].squareRoot())
                / (plain.alphaBars[k].squareRoot() - plain.alphaBars[1].squareRoot())
        }
        for k in [2, 300, 999, 1000] { #expect(abs(slope(k) - slope(500)) < 1e-9) }
        #expect(throws: InputError.self) { try GaussianCorruption(zero).check(.epsilon) }
        try GaussianCorruption(zero).check(.v)
        try GaussianCorruption(plain).check(.epsilon)
    }

    @Test func `impossible chains are refused with the step that fails`() {
        #expect(throws: InputError.self) { try ChainSchedule(steps: 0) }
        #expect(throws: InputError.self) { try ChainSchedule(betas: []) }
        #expect(throws: InputError.self) { try ChainSchedule(betas: [0.1, .nan]) }
        #expect(throws: InputError.self) { try ChainSchedule(betas: [1, 0.5]) }
        #expect { try ChainSchedule(steps: 10) } throws: { "\($0)".contains("step 6 of 10") }
        #expect(throws: Never.self) { try ChainSchedule(betas: [0.5, 1]) }
    }

    @Test func `corrupting mixes by the schedule, each sample at its own time`() throws {
        let corruption = GaussianCorruption(FlowMatching())
        let x0 = Tensor([1, 2, 3, 4, 5, 6], [3, 2])
        let epsilon = Tensor([10, 20, 30, 40, 50, 60], [3, 2])
        let x = corruption.corrupt(x0, at: [0, 0.5, 1], noise: epsilon)
        expectClose(x, Tensor([1, 2, 16.5, 22, 50, 60], [3, 2]), relative: 1e-6)
        let target = corruption.target(.velocity, x0, at: [0, 0.5, 1], noise: epsilon)
        expectIdentical(target, epsilon - x0)
        let places = (0..<4000).map { Noise(seed: 1)($0) }
        let prior = corruption.prior(places, [3])
        #expect(abs(prior.mean().scalar) < 0.04 && abs(prior.square().mean().scalar - 1) < 0.06)
        expectIdentical(corruption.prior(Array(places[7..<9]), [3]), prior.slice(0, 7..<9))
    }
}
