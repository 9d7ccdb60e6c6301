import Glibc
import Metrics
import TestKit
import Tensors
import Testing

@Suite struct NeighbourScoresTests {
    private func all(_ s: NeighbourScores) -> [Double] { [s.precision, s.recall, s.density, s.coverage] }

    private func expect(_ found: [Double], _ expected: [Double], within bound: Double, _ comment: String = "") {
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= bound }, "\(comment) \(found), expected \(expected)")
    }

    @Test(arguments: ["near", "heavy"], [3, 5]) func `scores are those of prdc`(name: String, neighbours: Int) {
        let golden = Golden("neighbours")
        let found = NeighbourScores(real: golden[name + ".real"], samples: golden[name + ".samples"], neighbours: neighbours)
        expect(all(found), golden["\(name).\(neighbours)"].values.map(Double.init), within: 1e-6)
    }

    /// Points on a line, by hand: k = 1, radii of the real ones 1, 1, 2, 6, of the samples 0.25, 0.25, 5.5.
    @Test func `four points and three are as counted by hand`() {
        let real = Tensor([0, 1, 3, 9], [4, 1])
        let samples = Tensor([0.5, 0.75, 6.25], [3, 1])
        let found = NeighbourScores(real: real, samples: samples, neighbours: 1)
        // 0.5 and 0.75 lie within the balls of 0 and of 1, 6.25 within that of 9: five of them, and that of 3 is empty.
        // 1 lies on the edge of 0.75's ball, which is outside; 6.25's reaches 1, 3 and 9.
        expect(all(found), [1, 0.75, 5.0 / 3, 0.75], within: 1e-12)
    }

    @Test func `samples of the same law have density 1 and coverage 1 - 2^-k`() {
        let (n, width) = (1500, 8)
        for neighbours in [1, 3, 5] {
            let found = NeighbourScores(
                real: Noise(seed: 1)("real").normal([n, width]), samples: Noise(seed: 1)("samples").normal([n, width]),
                neighbours: neighbours)
            // Deviations over draws, measured over 20 seeds: at most 0.05 and 0.015.
            #expect(abs(found.density - 1) < 0.15, "\(found)")
            #expect(abs(found.coverage - (1 - pow(2, -Double(neighbours)))) < 0.045, "\(found)")
        }
    }

    @Test func `one sample again and again covers next to nothing, however real it is`() {
        let real = Noise(seed: 2).normal([400, 16])
        let samples = Tensor.zeros([400, 16]) + Noise(seed: 3).normal([1, 16]) * 0.1
        let found = NeighbourScores(real: real, samples: samples)
        #expect(found.precision == 1 && found.recall == 0, "\(found)")
        // A point in the middle lies in many balls in 16 dimensions, but no more than one of the samples is needed.
        let one = NeighbourScores(real: real, samples: concatenated([samples.slice(0, 0..<1), real + 1000], axis: 0))
        #expect(found.coverage == one.coverage, "\(found)")
        let aside = NeighbourScores(real: real, samples: Tensor.zeros([400, 16]) + real.slice(0, 0..<1) * 1.1)
        #expect(aside.coverage < 0.1 && aside.recall == 0, "\(aside)")
    }

    @Test func `sets that lie apart share nothing, and the order of rows changes nothing`() {
        let (a, b) = (Noise(seed: 4).normal([300, 5]), Noise(seed: 5).normal([260, 5]))
        expect(all(NeighbourScores(real: a, samples: b + 100)), [0, 0, 0, 0], within: 0)
        let mixed = NeighbourScores(
            real: a.gathered(0, Noise(seed: 6).permutation(300)), samples: b.gathered(0, Noise(seed: 7).permutation(260)))
        #expect(mixed == NeighbourScores(real: a, samples: b))
    }

    /// With a mean of 1000 the squares of rows eat all digits of a distance of 1e-3 unless they are taken out first.
    @Test func `a large common mean changes nothing, and equal rows count as equal`() {
        // Multiples of 2^-12, so that adding 1000 loses nothing.
        let (a, b) = (
            (Noise(seed: 8).normal([200, 6]) * 4096).rounded() / 4096, (Noise(seed: 9).normal([200, 6]) * 4096).rounded() / 4096
        )
        #expect(NeighbourScores(real: a + 1000, samples: b + 1000) == NeighbourScores(real: a, samples: b))
        // Every sample lies on a real row: the ball of a row's own k-th neighbour does not reach that neighbour.
        let own = NeighbourScores(real: a, samples: a, neighbours: 3)
        #expect(own.precision == 1 && own.recall == 1 && own.coverage == 1)
        #expect(abs(own.density - 1) < 1e-12, "\(own)")
    }

    @Test func `the kernel distance is the formula's, unbiased, and grows with the step between two laws`() {
        let golden = Golden("neighbours")
        let found = kernelDistance(golden["near.real"], golden["near.samples"])
        #expect(abs(found - Double(golden["near.mmd"].scalar)) < 1e-6, "\(found)")
        let draws = (0..<12).map { i in
            kernelDistance(Noise(seed: 10)(i)("a").normal([200, 4]), Noise(seed: 10)(i)("b").normal([150, 4]))
        }
        // A biased one would be about the mean of k(x, x) over the counts, 0.1, above.
        let mean = draws.reduce(0, +) / 12
        #expect(abs(mean) < 0.03 && draws.contains { $0 < 0 }, "\(draws)")
        let a = Noise(seed: 11).normal([200, 4])
        let steps = [0, 0.5, 1].map { kernelDistance(a, Noise(seed: 12).normal([200, 4]) + Float($0)) }
        #expect(steps == steps.sorted() && steps[1] > 0.1, "\(steps)")
    }
}
