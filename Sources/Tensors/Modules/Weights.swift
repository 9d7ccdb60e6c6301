/// Modules to safetensors and back, by the names the walker gives.
public enum Weights {
    /// What loading did, for the log.
    public struct Report: Sendable, Equatable {
        public var loaded: [String] = []
        /// In the module but left as they were, because asked to.
        public var skipped: [String] = []
    }

    /// Writes every parameter and buffer; floats as `dtype`, buffers always as f32.
    ///
    /// - Parameter training: whether also what only training reads.
    public static func write(
        _ module: Module, to path: String, dtype: DType = .f32, values: [String: Tensor]? = nil,
        metadata: [String: String] = [:], training: Bool = true
    ) throws {
        var writer = SafetensorsWriter()
        let (parameters, buffers) = module.walk()
        for p in parameters { writer.add(p.name, values?[p.name] ?? p.value, as: dtype) }
        for b in buffers where training || !b.isForTraining { writer.add(b.name, b.value, as: .f32) }
        try writer.write(to: path, metadata: metadata)
    }

    /// Reads every parameter and buffer of the module. A tensor that is missing, has another shape or is not in the module is an error
    /// unless its name, in the file or in the module, starts with one of `skipping`. What only training reads may be missing.
    ///
    /// - Parameter renaming: how names begin in the file, and how the same ones do in the module.
    @discardableResult
    public static func read(
        into module: Module, from path: String, skipping: [String] = [], renaming: [String: String] = [:]
    ) throws -> Report {
        let file = try SafetensorsModel(path)
        let passed = { (name: String) in skipping.contains(where: name.hasPrefix) }
        // The longest beginning that fits, so that a part of what is renamed may go elsewhere.
        let pairs = renaming.sorted { ($0.value.count, $0.value) > ($1.value.count, $1.value) }
        let inFile = { (name: String) in
            pairs.first { name.hasPrefix($0.value) }.map { $0.key + name.dropFirst($0.value.count) } ?? name
        }
        let names = file.entries.map(\.name)
        for begins in renaming.keys.sorted() where !names.contains(where: { $0.hasPrefix(begins) }) {
            throw InputError(
                "no tensor's name begins with \(begins)", at: path,
                hint: nearestBeginning(to: begins, among: names).map { "the file has \($0)" })
        }
        let (parameters, buffers) = module.walk()
        var report = Report()
        var known: Set<String> = []
        func source(_ own: String, _ shape: [Int]) throws -> Tensor? {
            let name = inFile(own)
            known.insert(name)
            if passed(own) || passed(name) {
                report.skipped.append(own)
                return nil
            }
            guard let (part, entry) = file[name] else {
                let hint = nearestName(to: name, among: names).map { "the file has \($0)" }
                throw InputError("tensor \(name) is missing", at: path, hint: hint)
            }
            guard entry.shape == shape else {
                throw InputError("tensor \(name) has another shape", at: path, expected: "\(shape)", found: "\(entry.shape)")
            }
            report.loaded.append(own)
            return try part.tensor(entry)
        }
        // Everything is read before anything is changed.
        let loadedParameters = try parameters.map { ($0, try source($0.name, $0.shape)) }
        let loadedBuffers = try buffers.filter { !$0.isForTraining || names.contains(inFile($0.name)) }
            .map { ($0, try source($0.name, $0.shape)) }
        for entry in file.entries where !known.contains(entry.name) {
            if passed(entry.name) { continue }
            throw InputError(
                "tensor \(entry.name) is not part of this model", at: path,
                hint: nearestName(to: entry.name, among: known).map { "the model has \($0)" })
        }
        for (p, tensor) in loadedParameters { if let tensor { p.set(tensor) } }
        for (b, tensor) in loadedBuffers { if let tensor { b.value = tensor } }
        return report
    }
}

extension SafetensorsWriter {
    /// Adds a tensor's values as f32 or bf16.
    public mutating func add(_ name: String, _ tensor: Tensor, as dtype: DType = .f32) {
        let x = tensor.detached().cast(to: dtype).contiguous()
        let bytes = [UInt8](unsafeUninitializedCapacity: x.count * dtype.size) { buffer, count in
            backend.read(x, into: UnsafeMutableRawBufferPointer(buffer))
            count = x.count * dtype.size
        }
        add(name, dtype == .f32 ? .f32 : .bf16, tensor.shape, bytes: bytes)
    }

    public mutating func add(_ name: String, _ tokens: Tokens) {
        add(name, .i32, tokens.shape, bytes: tokens.values.withUnsafeBytes { [UInt8]($0) })
    }
}

extension SafetensorsFile {
    /// The tensor called `name` as f32, from any float or whole-number type.
    public func tensor(_ name: String) throws(InputError) -> Tensor { try tensor(entry(name)) }

    public func tensor(_ entry: SafetensorsEntry) throws(InputError) -> Tensor {
        let raw = bytes(of: entry)
        switch entry.type {
        case .f32:
            let x = Tensor(uninitialized: entry.shape)
            backend.write(raw, to: x)
            return x
        case .bf16:
            let x = Tensor(uninitialized: entry.shape, .bf16)
            backend.write(raw, to: x)
            return x.cast(to: .f32)
        case .f16: return converted(raw, entry.shape, Float16.self) { Float($0) }
        case .f64: return converted(raw, entry.shape, Double.self) { Float($0) }
        case .i64: return converted(raw, entry.shape, Int64.self) { Float($0) }
        case .i32: return converted(raw, entry.shape, Int32.self) { Float($0) }
        case .u8, .bool: return converted(raw, entry.shape, UInt8.self) { Float($0) }
        default:
            throw InputError(
                "tensor \(entry.name) has a type that is not read", at: path, expected: "F32, BF16, F16, F64 or integers",
                found: entry.type.rawValue)
        }
    }

    /// The tensor called `name` as whole numbers.
    public func tokens(_ name: String) throws(InputError) -> Tokens {
        let entry = try entry(name)
        let raw = bytes(of: entry)
        switch entry.type {
        case .i32: return Tokens(whole(raw, Int32.self).map { $0 }, entry.shape)
        case .i64:
            let wide = whole(raw, Int64.self)
            guard let bad = wide.first(where: { Int32(exactly: $0) == nil }) else {
                return Tokens(wide.map { Int32($0) }, entry.shape)
            }
            throw InputError("tensor \(name) holds a number beyond 32 bits", at: path, found: "\(bad)")
        default:
            throw InputError("tensor \(name) is not whole numbers", at: path, expected: "I32 or I64", found: entry.type.rawValue)
        }
    }

    private func whole<T>(_ raw: UnsafeRawBufferPointer, _ type: T.Type) -> [T] {
        (0..<raw.count / MemoryLayout<T>.size).map { raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self) }
    }

    private func converted<T>(
        _ raw: UnsafeRawBufferPointer, _ shape: [Int], _ type: T.Type, _ convert: (T) -> Float
    ) -> Tensor {
        Tensor(whole(raw, type).map(convert), shape)
    }
}
