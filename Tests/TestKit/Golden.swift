import Foundation
import Tensors

/// A fixture of `Tests/Goldens`, read by a reader of its own: a mistake in the house's reader cannot hide here.
///
/// Layout is the file's (PyTorch's); a missing name is a mistake in the test.
public struct Golden: Sendable {
    private struct Entry: Decodable {
        var dtype: String?
        var shape: [Int]?
        var data_offsets: [Int]?
    }

    private let header: [String: Entry]
    private let body: Data
    private let file: String

    public init(_ name: String) {
        file = name
        let data = try! Data(contentsOf: URL(fileURLWithPath: Goldens.path("\(name).safetensors")))
        let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        header = try! JSONDecoder().decode([String: Entry].self, from: data.dropFirst(8).prefix(length))
        body = Data(data.dropFirst(8 + length))
    }

    /// Every tensor's name, sorted.
    public var names: [String] { header.filter { $0.key != "__metadata__" }.keys.sorted() }

    /// A tensor of the fixture.
    public subscript(_ name: String) -> Tensor {
        let (shape, words) = raw(name, "F32")
        return Tensor(words.map(Float.init(bitPattern:)), shape)
    }

    /// Tokens, a mask or indices of the fixture.
    public func tokens(_ name: String) -> Tokens {
        let (shape, words) = raw(name, "I32")
        return Tokens(words.map(Int32.init(bitPattern:)), shape)
    }

    private func raw(_ name: String, _ dtype: String) -> (shape: [Int], words: [UInt32]) {
        guard let entry = header[name], let shape = entry.shape, let range = entry.data_offsets else {
            preconditionFailure("golden \(file): no tensor \(name)")
        }
        precondition(entry.dtype == dtype, "golden \(file): \(name) is \(entry.dtype ?? "?"), not \(dtype)")
        let words = body[range[0]..<range[1]].withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
        }
        return (shape, words)
    }
}
