import Tensors

/// Tensors of a file by name, checked against the shapes a part takes; every complaint names file, tensor and shapes.
final class PartInput {
    let file: SafetensorsFile
    private var read: Set<String> = []

    init(_ path: String) throws {
        file = try SafetensorsFile(path)
        let names = ForwardPass.names
        if let odd = file.entries.first(where: { !names.contains($0.name) }) {
            throw InputError(
                "unknown tensor '\(odd.name)'", at: path, expected: "some of " + names.joined(separator: ", "),
                hint: nearestName(to: odd.name, among: names).map { "did you mean '\($0)'?" })
        }
    }

    /// What the file holds and nothing asked for.
    var unread: [String] { file.entries.map(\.name).filter { !read.contains($0) } }

    func has(_ name: String) -> Bool { file[name] != nil }

    /// Numbers of a shape whose nil entries may be anything but 0.
    func numbers(_ name: String, _ shape: [Int?]) throws -> Tensor {
        let entry = try entry(name, shape)
        let tensor = try file.tensor(entry)
        if let bad = tensor.values.first(where: { !$0.isFinite }) {
            throw InputError("holds a number that is not finite", at: place(name), found: "\(bad)")
        }
        return tensor
    }

    /// Maps `[B, C, H, W]` as `[B, H, W, C]`; `shape` is `[H, W, C]`.
    func map(_ name: String, _ shape: [Int]) throws -> Tensor {
        try numbers(name, [nil, shape[2], shape[0], shape[1]]).permuted([0, 2, 3, 1])
    }

    func whole(_ name: String, _ shape: [Int?], below limit: Int) throws -> [Int] {
        let entry = try entry(name, shape)
        let values = try file.tokens(entry.name).values
        if let bad = values.first(where: { $0 < 0 || $0 >= limit }) {
            throw InputError("holds a number out of range", at: place(name), expected: "0...\(limit - 1)", found: "\(bad)")
        }
        return values.map(Int.init)
    }

    /// Tokens `[B, N]`, or of the grid's own shape, as `[B] + shape`.
    func grid(_ name: String, _ shape: [Int], below limit: Int) throws -> Tokens {
        let size = shape.reduce(1, *)
        let isGrid = file[name]?.shape.count == shape.count + 1
        let values = try whole(name, [nil] + (isGrid ? shape : [size]), below: limit)
        return Tokens(values.map(Int32.init), [values.count / size] + shape)
    }

    private func entry(_ name: String, _ shape: [Int?]) throws -> SafetensorsEntry {
        let entry = try file.entry(name)
        read.insert(name)
        let fits = entry.shape.count == shape.count && zip(entry.shape, shape).allSatisfy { $0 > 0 && ($1 == nil || $0 == $1) }
        guard fits else {
            let wanted = shape.enumerated().map { $1.map { "\($0)" } ?? ($0 == 0 ? "B" : "N") }.joined(separator: ", ")
            throw InputError("has another shape", at: place(name), expected: "[\(wanted)]", found: "\(entry.shape)")
        }
        return entry
    }

    private func place(_ name: String) -> String { "\(file.path), tensor '\(name)'" }
}
