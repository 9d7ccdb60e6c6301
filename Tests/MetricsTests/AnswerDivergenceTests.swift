import Glibc
import Metrics
import Tensors
import Testing

@Suite struct AnswerDivergenceTests {
    @Test func `it is the mean of KL(real, samples), and turns round to another number`() {
        // Chances .25 .75 and .5 .5 against .5 .5 and .9 .1.
        let real = Tensor([0.25, 0.75, 0.5, 0.5].map { Float(log($0)) }, [2, 2])
        let samples = Tensor([0.5, 0.5, 0.9, 0.1].map { Float(log($0)) + 3 }, [2, 2])
        let expected = (0.25 * log(0.5) + 0.75 * log(1.5) + 0.5 * log(0.5 / 0.9) + 0.5 * log(5)) / 2
        #expect(abs(answerDivergence(real: real, samples: samples) - expected) < 1e-5)
        #expect(abs(answerDivergence(real: samples, samples: real) - expected) > 0.01)
        #expect(abs(answerDivergence(real: real, samples: real)) < 1e-5)
        // A chance of nothing counts as a millionth.
        let sure = Tensor([0, -200], [1, 2])
        let other = Tensor([-200, 0], [1, 2])
        #expect(abs(answerDivergence(real: sure, samples: other) - log(1e6)) < 1e-3)
    }
}
