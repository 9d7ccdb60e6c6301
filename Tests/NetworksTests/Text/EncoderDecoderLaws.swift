import Networks
import TestKit
import Tensors
import Testing

/// Sum of the cross-entropies of targets under teacher forcing.
func sentenceLoss(
    _ model: some SpeakingModel, _ ids: Tokens, _ mask: Tensor?, _ targets: Tokens
) -> Tensor {
    let logits = model(model.tokens.shifted(targets), over: model.encode(ids, mask: mask), mask: mask)
    return crossEntropy(logits, targets).sum()
}

/// What a token under the mask is changes no bit of what is kept, of what is said or of any gradient.
func expectPaddingIsNothing(_ model: some SpeakingModel, _ ids: Tokens, _ mask: Tensor, targets: Tokens) {
    let kept = mask.values
    var other = ids
    for i in other.values.indices where kept[i] == 0 { other.values[i] = Int32(3 + i * 7 % 30) }
    #expect(other != ids)
    withoutGradients {
        let (a, b) = (model.encode(ids, mask: mask), model.encode(other, mask: mask))
        let (seen, zero) = (mask.unsqueezed(2), Tensor(0))
        expectIdentical(select(seen, a, zero), select(seen, b, zero), "states")
        #expect(a.values != b.values)
        let inputs = model.tokens.shifted(targets)
        expectIdentical(model(inputs, over: a, mask: mask), model(inputs, over: b, mask: mask), "logits")
    }
    let parameters = model.parameters()
    func found(_ ids: Tokens) -> [Tensor] {
        gradients(of: sentenceLoss(model, ids, mask, targets), wrt: parameters.map(\.value))
    }
    for (p, (a, b)) in zip(parameters, zip(found(ids), found(other))) {
        #expect(a.values == b.values, "gradient of \(p.name)")
    }
}

/// Token by token, or a few at once, with rows exchanged on the way, a decoder says what it says of the whole sentence.
func expectStepsAgree(_ model: some SpeakingModel, over states: Tensor, mask: Tensor?, inputs: Tokens) {
    withoutGradients {
        let (B, N) = (inputs.shape[0], inputs.shape[1])
        let whole = model(inputs, over: states, mask: mask)
        func column(_ n: Range<Int>, _ rows: [Int]) -> Tokens {
            Tokens(rows.flatMap { b in n.map { inputs.values[b * N + $0] } }, [rows.count, n.count])
        }
        let memory = model.memory(of: states, mask: mask)
        var rows = Array(0..<B)
        var n = 0
        for size in [2] + Array(repeating: 1, count: N - 2) {
            let said = model.logits(after: column(n..<n + size, rows), memory)
            n += size
            expectClose(said, whole.slice(1, n - 1..<n).squeezed(1).gathered(0, rows), relative: 1e-5, "token \(n)")
            // One row twice, then all in another order, then fewer.
            let order = n == 3 ? [1, 0, 1, 2] : n == 4 ? [3, 2, 0, 1] : n == 5 ? [2, 0] : Array(rows.indices)
            memory.reorder(order)
            rows = order.map { rows[$0] }
        }
        #expect(memory.count == N && memory.rows == 2)
    }
}

/// All of a model's gradients are those that a model of the same shape has for parameters.
func expectGradients(_ model: some SpeakingModel, _ loss: Tensor, _ expected: some SpeakingModel) {
    let parameters = model.parameters()
    let found = gradients(of: loss, wrt: parameters.map(\.value))
    let wanted = expected.parameters()
    #expect(parameters.map(\.name) == wanted.map(\.name))
    for (p, (found, wanted)) in zip(parameters, zip(found, wanted)) {
        #expect(wanted.value.values.contains { $0 != 0 }, "\(p.name)")
        expectClose(found, wanted.value, relative: 1e-4, p.name)
    }
}
