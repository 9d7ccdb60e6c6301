import Synchronization

/// One operation in the record: who its inputs were and how its gradient flows to them.
package final class Node: @unchecked Sendable {
    package let name: StaticString
    package let shape: [Int]
    package let dtype: DType
    /// Grows with time, so that descending order visits every consumer before its producer.
    let order: UInt64
    /// Sends the gradient of the output on to the inputs. Dropped once used, with everything it kept alive.
    var backward: ((Tensor, GradientTable) -> Void)?

    private static let counter = Atomic<UInt64>(0)

    package init(
        _ name: StaticString, shape: [Int], dtype: DType, backward: ((Tensor, GradientTable) -> Void)? = nil
    ) {
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.backward = backward
        order = Node.counter.add(1, ordering: .relaxed).newValue
    }
}

/// Gradients on their way, keyed by the node they belong to.
package final class GradientTable {
    private final class Slot {
        let node: Node
        var gradient: Tensor
        init(_ node: Node, _ gradient: Tensor) {
            self.node = node
            self.gradient = gradient
        }
    }

    private var slots: [UInt64: Slot] = [:]
    private var heap: [UInt64] = []

    /// Adds `gradient` to what `node` has so far, in place when nobody else holds it. Nothing happens for nil.
    package func add(_ gradient: @autoclosure () -> Tensor, to node: Node?) {
        guard let node else { return }
        var gradient = gradient()
        require(
            gradient.shape == node.shape, "\(node.name): gradient of shape \(gradient.shape) for \(node.shape)")
        if gradient.dtype != node.dtype { gradient = gradient.cast(to: node.dtype) }
        guard let slot = slots[node.order] else {
            slots[node.order] = Slot(node, gradient)
            push(node.order)
            return
        }
        if isKnownUniquelyReferenced(&slot.gradient.storage), slot.gradient.isContiguous {
            backend.copy(gradient, into: slot.gradient, accumulating: true)
        } else {
            slot.gradient = slot.gradient + gradient
        }
    }

    /// Adds `gradient` to a part of what `node` has, which `part` cuts out of the whole as a view.
    package func add(_ gradient: Tensor, to node: Node?, part: (Tensor) -> Tensor) {
        guard let node else { return }
        if slots[node.order] == nil {
            slots[node.order] = Slot(node, .zeros(node.shape, node.dtype))
            push(node.order)
        }
        let slot = slots[node.order]!
        if !isKnownUniquelyReferenced(&slot.gradient.storage) || !slot.gradient.isContiguous {
            let copy = Tensor(uninitialized: node.shape, node.dtype)
            backend.copy(slot.gradient, into: copy, accumulating: false)
            slot.gradient = copy
        }
        backend.copy(gradient, into: part(slot.gradient), accumulating: true)
    }

    func take(_ node: Node) -> Tensor? { slots[node.order]?.gradient }

    /// Visits nodes from the newest to the oldest; gradients of `kept` nodes stay in the table.
    func run(kept: Set<UInt64>, retaining: Bool) {
        while let order = pop() {
            guard let slot = slots[order] else { continue }
            if !kept.contains(order) { slots[order] = nil }
            guard let backward = slot.node.backward else { continue }
            if !retaining { slot.node.backward = nil }
            let gradient = slot.gradient
            if !kept.contains(order) { slot.gradient = Self.nothing }
            Context.current.finiteCheck?.inspect(gradient, slot.node.name, "gradient of its output")
            backward(gradient, self)
        }
    }

    private static let nothing = Tensor(uninitialized: [0])

    private func push(_ order: UInt64) {
        heap.append(order)
        var child = heap.count - 1
        while child > 0, heap[(child - 1) / 2] < heap[child] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func pop() -> UInt64? {
        guard let top = heap.first else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var largest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] > heap[largest] {
                largest = child
            }
            if largest == parent { return top }
            heap.swapAt(parent, largest)
            parent = largest
        }
    }
}

/// Gradients of the sum of `output` with respect to `inputs`, which may be parameters, leaves or anything in between.
///
/// The record is freed on the way unless `retaining`; then it can be walked again. An input that `output` does not depend on gets zeros.
public func gradients(of output: Tensor, wrt inputs: [Tensor], retaining: Bool = false) -> [Tensor] {
    gradients(of: [(output, .ones(output.shape, output.dtype))], wrt: inputs, retaining: retaining)
}

/// Gradients of the sum of outputs weighted by cotangents of the same shapes.
public func gradients(
    of outputs: [(output: Tensor, cotangent: Tensor)], wrt inputs: [Tensor], retaining: Bool = false
) -> [Tensor] {
    let nodes = inputs.map { input in
        guard let node = input.node else {
            fatalError("gradients: an input of shape \(input.shape) was not recorded; use requiringGradient()")
        }
        return node
    }
    return Context.with({ $0.recordsGradients = false }) {
        let table = GradientTable()
        for (output, cotangent) in outputs { table.add(cotangent, to: output.node) }
        table.run(kept: Set(nodes.map(\.order)), retaining: retaining)
        return zip(nodes, inputs).map { table.take($0)?.contiguous() ?? .zeros($1.shape, $1.dtype) }
    }
}

/// Runs `body` now, keeps only its inputs, and runs it again when the gradient is wanted: memory for time.
///
/// Parameters used inside get their gradients as usual. `body` must compute the same thing twice, which addressed noise guarantees.
public func recomputed(_ inputs: [Tensor], _ body: @escaping ([Tensor]) -> Tensor) -> Tensor {
    let context = Context.current
    guard context.recordsGradients else { return body(inputs) }
    let value = Context.with({ $0.recordsGradients = false }) { body(inputs.map { $0.detached() }) }
    let result = Tensor(value.storage, value.shape, value.dtype, strides: value.strides, offset: value.offset, node: nil)
    return result.attached(
        to:
            Node("recomputed", shape: value.shape, dtype: value.dtype) { gradient, table in
                // Newer nodes come first in the walk, so the inner record joins the outer one by itself.
                let again = Context.$current.withValue(context) { body(inputs) }
                table.add(gradient, to: again.node)
            })
}

/// The one door through which an operation's result is recorded and, in a finite check, inspected.
package func recorded(
    _ name: StaticString, _ output: Tensor, _ inputs: Tensor..., backward: @escaping (Tensor, GradientTable) -> Void
) -> Tensor {
    recorded(name, output, inputs: inputs, backward: backward)
}

package func recorded(
    _ name: StaticString, _ output: Tensor, inputs: [Tensor], backward: @escaping (Tensor, GradientTable) -> Void
) -> Tensor {
    let context = Context.current
    // A view shows what its input holds, which may not be written yet.
    if let check = context.finiteCheck, !inputs.contains(where: { $0.storage === output.storage }) {
        check.inspect(output, name, "value")
    }
    guard context.recordsGradients, inputs.contains(where: { $0.node != nil }) else { return output }
    return output.attached(to: Node(name, shape: output.shape, dtype: output.dtype, backward: backward))
}

/// True when an operation on these inputs will be recorded, so that what the gradient needs must be kept.
package func willRecord(_ inputs: Tensor?...) -> Bool {
    Context.current.recordsGradients && inputs.contains { $0?.node != nil }
}
