import Glibc
import Tensors

/// Which tensors a published file holds for which parameters of ours. Every name and shape is compared with the file before anything
/// is made, so that a wrong number cannot ask for all of memory.
struct PublishedNames {
    private struct Entry {
        /// Names that the tensor may have, today's first.
        let keys: [String]
        let shape: [Int]
        /// Property path of the parameter whose next rows it fills: ours packs keys and values, and queries where it can.
        let path: String
    }

    private var entries: [Entry] = []
    private var copies: [(key: String, original: String)] = []

    mutating func add(_ key: String, _ shape: [Int], _ path: String, before: String? = nil) {
        entries.append(Entry(keys: [key] + (before.map { [$0] } ?? []), shape: shape, path: path))
    }

    mutating func addLinear(_ key: String, _ input: Int, _ output: Int, _ path: String, bias: Bool = true) {
        add(key + ".weight", [output, input], path + ".weight")
        if bias { add(key + ".bias", [output], path + ".bias") }
    }

    mutating func addNorm(_ key: String, _ width: Int, _ path: String, bias: Bool = true, before: (String, String)? = nil) {
        add(key + ".weight", [width], path + ".weight", before: before.map { "\(key).\($0.0)" })
        if bias { add(key + ".bias", [width], path + ".bias", before: before.map { "\(key).\($0.1)" }) }
    }

    /// A tensor that may be stored too, and then is what `original` is.
    mutating func addCopy(_ key: String, of original: String) { copies.append((key, original)) }

    /// The tensors by the names of our parameters; one that is missing, of another shape or unknown is an error.
    ///
    /// - Parameter isIgnored: names that another model's parts have.
    func values(in model: SafetensorsModel, passingOver isIgnored: (String) -> Bool = { _ in false }) throws(InputError)
        -> [String: Tensor]
    {
        var found: [(path: String, file: SafetensorsFile, entry: SafetensorsEntry)] = []
        var used: Set<String> = []
        for wanted in entries {
            guard let (file, entry) = wanted.keys.lazy.compactMap({ model[$0] }).first else {
                let near = nearestName(to: wanted.keys[0], among: model.entries.lazy.map(\.name))
                throw InputError(
                    "tensor \"\(wanted.keys[0])\" is missing", at: model.path, expected: "shape \(wanted.shape)",
                    hint: near.map { "there is \"\($0)\"" })
            }
            guard entry.shape == wanted.shape else {
                throw InputError(
                    "tensor \"\(entry.name)\" does not fit config.json", at: file.path, expected: "shape \(wanted.shape)",
                    found: "\(entry.shape)")
            }
            found.append((wanted.path, file, entry))
            used.insert(entry.name)
        }
        for (key, original) in copies {
            guard let copy = model[key] else { continue }
            guard try model.holdsSame(copy, model[original]) else {
                throw InputError("tensor \"\(key)\" is not what \"\(original)\" is, with which it is shared", at: copy.file.path)
            }
            used.insert(key)
        }
        if let odd = model.entries.first(where: { !used.contains($0.name) && !isIgnored($0.name) }) {
            throw InputError(
                "tensor \"\(odd.name)\" is not part of the model that config.json describes", at: model.path)
        }
        var rows: [String: [Tensor]] = [:]
        for (path, file, entry) in found { rows[path, default: []].append(try file.tensor(entry)) }
        return rows.mapValues { $0.count == 1 ? $0[0] : concatenated($0, axis: 0) }
    }
}

extension SafetensorsModel {
    /// `model.safetensors` of a published folder, or the shards that the index beside it lists.
    init(published folder: String) throws(InputError) {
        let (whole, index) = (folder + "/model.safetensors", folder + "/model.safetensors.index.json")
        try self.init(access(whole, F_OK) != 0 && access(index, F_OK) == 0 ? index : whole)
    }

    fileprivate func holdsSame(
        _ a: (file: SafetensorsFile, entry: SafetensorsEntry), _ b: (file: SafetensorsFile, entry: SafetensorsEntry)?
    ) throws(InputError) -> Bool {
        guard let b, a.entry.shape == b.entry.shape else { return false }
        if a.entry.type != b.entry.type { return try a.file.tensor(a.entry).values == b.file.tensor(b.entry).values }
        return a.file.withBytes(of: a.entry) { x in
            b.file.withBytes(of: b.entry) { y in
                x.count == y.count && (x.isEmpty || memcmp(x.baseAddress!, y.baseAddress!, x.count) == 0)
            }
        }
    }

    /// Whether a stored tensor is something else than another one, or the only one of the two.
    func differs(_ key: String, from original: String) throws(InputError) -> Bool {
        guard let one = self[key] else { return false }
        return try !holdsSame(one, self[original])
    }
}

extension Module {
    /// Fills every parameter with the value of its name.
    func take(_ values: [String: Tensor]) {
        for parameter in parameters() {
            guard let value = values[parameter.name] else { fatalError("PublishedNames: no \(parameter.name)") }
            parameter.set(value)
        }
    }
}

extension Activation {
    /// The names published files use; `gelu` is the exact one, the others its tanh form.
    private static let published: [(name: String, activation: Activation)] = [
        ("gelu", .geluErf), ("gelu_new", .gelu), ("gelu_pytorch_tanh", .gelu), ("relu", .relu), ("silu", .silu),
        ("swish", .silu),
    ]

    init(published field: JSONField) throws(InputError) {
        let name = try field.string(oneOf: Self.published.map(\.name))
        self = Self.published.first { $0.name == name }!.activation
    }
}
