import Tensors
import Testing

/// Compares gradients with central differences along random directions, for every input of `function`.
///
/// The output is weighted by a fixed random cotangent, so that no element's error can hide behind another's. Values are f32 and
/// differences are taken in f64; `tolerance` is relative to the larger of the two derivatives and a floor.
public func gradientCheck(
    _ name: String, _ inputs: [Tensor], step: Float = 1e-2, tolerance: Double = 1e-2, directions: Int = 3,
    sourceLocation: SourceLocation = #_sourceLocation, _ function: ([Tensor]) -> Tensor
) {
    let noise = Noise(seed: 42)(name)
    let leaves = inputs.map { $0.requiringGradient() }
    let y = function(leaves)
    let cotangent = noise("cotangent").normal(y.shape)
    let found = gradients(of: [(y, cotangent)], wrt: leaves)
    func value(_ xs: [Tensor]) -> Double {
        zip(withoutGradients { function(xs) }.values, cotangent.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    for i in inputs.indices {
        guard found[i].shape == inputs[i].shape else {
            Issue.record("\(name): gradient \(i) has shape \(found[i].shape)", sourceLocation: sourceLocation)
            continue
        }
        for d in 0..<directions {
            let direction = noise("direction")(i)(d).normal(inputs[i].shape)
            var (above, below) = (inputs, inputs)
            above[i] = inputs[i] + direction * step
            below[i] = inputs[i] - direction * step
            let numeric = (value(above) - value(below)) / (2 * Double(step))
            let analytic = zip(found[i].values, direction.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            let scale = max(abs(numeric), abs(analytic), 0.05 * Double(cotangent.count).squareRoot())
            if !(abs(numeric - analytic) <= tolerance * scale) {
                Issue.record(
                    "\(name), input \(i), direction \(d): gradient says \(analytic), differences say \(numeric)",
                    sourceLocation: sourceLocation)
            }
        }
    }
}
