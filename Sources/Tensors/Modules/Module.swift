/// A part with parameters. Subclasses are final, keep their parts in `let` properties, and are found by one walker.
///
/// Names are property paths, `blocks.3.attention.query.weight`: renaming a property renames its tensors in every file.
open class Module {
    public init() {}

    /// Every parameter once, in order of declaration, named.
    public func parameters() -> [Parameter] { walk().parameters }

    /// Every buffer once, in order of declaration, named.
    public func buffers() -> [Buffer] { walk().buffers }

    /// Draws first values, each parameter from its own place: adding a layer does not change the others.
    public func initialize(_ noise: Noise) {
        for p in parameters() { p.set(p.initializer.draw(p.shape, noise(p.name))) }
    }

    public var parameterCount: Int { parameters().reduce(0) { $0 + $1.shape.elementCount } }

    package func walk() -> (parameters: [Parameter], buffers: [Buffer]) {
        var walker = Walker()
        walker.visit(self, path: "")
        return (walker.parameters, walker.buffers)
    }
}

/// The one way parameters are found: for training, saving, loading, counting and printing.
private struct Walker {
    var parameters: [Parameter] = []
    var buffers: [Buffer] = []
    private var seen: Set<ObjectIdentifier> = []

    mutating func visit(_ module: Module, path: String) {
        guard seen.insert(ObjectIdentifier(module)).inserted else { return }
        var mirror: Mirror? = Mirror(reflecting: module)
        var layers: [Mirror] = []
        while let layer = mirror {
            layers.insert(layer, at: 0)
            mirror = layer.superclassMirror
        }
        for layer in layers {
            for child in layer.children { visit(child.value, path: join(path, child.label ?? "")) }
        }
    }

    private mutating func visit(_ value: Any, path: String) {
        switch value {
        case let p as Parameter:
            guard seen.insert(ObjectIdentifier(p)).inserted else { return }
            p.name = path
            parameters.append(p)
        case let b as Buffer:
            guard seen.insert(ObjectIdentifier(b)).inserted else { return }
            b.name = path
            buffers.append(b)
        case let m as Module:
            visit(m, path: path)
        default:
            let mirror = Mirror(reflecting: value)
            switch mirror.displayStyle {
            case .optional:
                if let some = mirror.children.first { visit(some.value, path: path) }
            case .collection:
                // Arrays of plain values are not looked into beyond their first element.
                guard let first = mirror.children.first, Self.mayHold(first.value) else { return }
                for (i, child) in mirror.children.enumerated() { visit(child.value, path: join(path, "\(i)")) }
            case .tuple, .dictionary, .set, .enum, .struct:
                require(
                    !Self.hides(value, depth: 3),
                    "\(path): a parameter inside a \(type(of: value)) cannot be named; use a property or an array")
            default:
                return
            }
        }
    }

    private static func mayHold(_ value: Any) -> Bool {
        if value is Module || value is Parameter || value is Buffer { return true }
        switch Mirror(reflecting: value).displayStyle {
        case .optional, .collection, .tuple, .dictionary, .struct, .enum: return true
        default: return false
        }
    }

    private static func hides(_ value: Any, depth: Int) -> Bool {
        if value is Module || value is Parameter || value is Buffer { return true }
        if depth == 0 || value is Tensor || value is [Int] || value is String { return false }
        return Mirror(reflecting: value).children.prefix(8).contains { hides($0.value, depth: depth - 1) }
    }

    private func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}
