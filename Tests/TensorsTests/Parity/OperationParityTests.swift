import Tensors
import TestKit
import Testing

/// Every operation of the fixture against PyTorch in float64: the value, and the gradient of every input.
@Suite struct OperationParityTests {
    static let golden = Golden("ops")

    @Test(arguments: OperationCase.all)
    func `an operation and its gradients agree with PyTorch`(_ operation: OperationCase) {
        let golden = Self.golden
        let leaves = operation.inputs.map { golden["\(operation.name).\($0)"].requiringGradient() }
        let out = operation.run(leaves, golden)
        expectClose(out, golden["\(operation.name).out"], relative: 5e-6, absolute: 1e-7, operation.name)
        let found = gradients(of: [(out, golden["\(operation.name).cot"])], wrt: leaves)
        for (name, gradient) in zip(operation.inputs, found) {
            let wanted = golden["\(operation.name).grad.\(name)"]
            expectClose(gradient, wanted, relative: 1e-5, absolute: 1e-7, "\(operation.name), gradient of \(name):")
        }
    }

    @Test(arguments: OperationCase.all)
    func `a gradient can be taken twice over a retained record`(_ operation: OperationCase) {
        let golden = Self.golden
        let leaves = operation.inputs.map { golden["\(operation.name).\($0)"].requiringGradient() }
        let out = operation.run(leaves, golden)
        let weighted = [(output: out, cotangent: golden["\(operation.name).cot"])]
        let once = gradients(of: weighted, wrt: leaves, retaining: true)
        let twice = gradients(of: weighted, wrt: leaves)
        for (a, b) in zip(once, twice) { expectIdentical(a, b, operation.name) }
    }

    @Test func `no operation and no gradient of the fixture is left out`() {
        let tested = Set(
            OperationCase.all.flatMap { operation in
                ["out", "cot"].map { "\(operation.name).\($0)" }
                    + operation.inputs.flatMap { ["\(operation.name).\($0)", "\(operation.name).grad.\($0)"] }
            } + ["attention_masked.mask", "embedding.tokens", "crossEntropy.targets"])
        #expect(tested == Set(Self.golden.names))
    }
}
