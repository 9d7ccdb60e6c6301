/// What the code around an operation asked for; carried by the task, never a global.
package struct Context: Sendable {
    package var recordsGradients = true
    /// Parameters are leaves of the record; else constants.
    package var recordsParameters = true
    /// Rows are multiplied in fixed panels and samples convolved one by one, so that no bit depends on the batch.
    package var isBatchInvariant = false
    package var precision = Precision.f32
    package var finiteCheck: FiniteCheck?

    @TaskLocal package static var current = Context()

    package static func with<T>(_ change: (inout Context) -> Void, _ body: () throws -> T) rethrows -> T {
        var context = current
        change(&context)
        return try $current.withValue(context, operation: body)
    }
}

/// Arithmetic of matrix products and convolutions. Weights, norms, softmax and reductions stay f32.
public enum Precision: String, Sendable, CaseIterable {
    case f32
    /// bf16 copies of weights and activations go into the products; sums are f32.
    case bf16
}

/// Runs `body` without recording: nothing made in it can be differentiated, and results do not depend on the batch size.
public func withoutGradients<T>(_ body: () throws -> T) rethrows -> T {
    try Context.with(
        {
            $0.recordsGradients = false
            $0.isBatchInvariant = true
        }, body)
}

/// Runs `body` with every parameter a constant: gradients flow through to what comes in, and none is worked out for weights.
public func withConstantParameters<T>(_ body: () throws -> T) rethrows -> T {
    try Context.with({ $0.recordsParameters = false }, body)
}

/// Runs `body` with products and convolutions in the given precision.
public func withPrecision<T>(_ precision: Precision, _ body: () throws -> T) rethrows -> T {
    try Context.with({ $0.precision = precision }, body)
}

/// Finds the operation that first made a NaN or an infinity. Slow; used to name the culprit after a loss went bad.
public final class FiniteCheck: @unchecked Sendable {
    /// Operation, direction and shape, once something was found.
    public private(set) var finding: String?

    public init() {}

    public func callAsFunction<T>(_ body: () throws -> T) rethrows -> T {
        try Context.with({ $0.finiteCheck = self }, body)
    }

    package func inspect(_ tensor: Tensor, _ name: StaticString, _ direction: String) {
        guard finding == nil, let index = backend.firstNonfinite(tensor) else { return }
        finding = "\(name) (\(direction)), element \(index) of shape \(tensor.shape)"
    }
}
