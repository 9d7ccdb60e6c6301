import Glibc
import Tensors

/// Mean Kullback-Leibler divergence, nats, between what a classifier says of things and of others made to be like them, pair by pair:
/// KL(real ‖ samples), a millionth added to the samples' chances (the MKL of Iashin & Rahtu 2021, arXiv 2110.08791, section 3.3, and its
/// program).
///
///     real, samples: [N, classes], logits
public func answerDivergence(real: Tensor, samples: Tensor) -> Double {
    let (rows, classes) = real.shape2
    require(rows > 0 && samples.shape == real.shape, "answerDivergence: \(real.shape) and \(samples.shape)")
    let (p, q) = (real.logSoftmax().values.map(Double.init), samples.logSoftmax().values.map(Double.init))
    var sum = 0.0
    for i in 0..<rows * classes { sum += exp(p[i]) * (p[i] - log(exp(q[i]) + 1e-6)) }
    return sum / Double(rows)
}
