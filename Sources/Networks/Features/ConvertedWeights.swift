import Foundation
import Tensors

/// Every tensor of a folder's `.safetensors`, by the names of the program that they were converted from.
public struct ConvertedWeights {
    public let folder: String
    private let files: [SafetensorsFile]

    /// - Parameter wanted: what the folder should hold, for people to read.
    public init(_ folder: String, wanted: String) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        files = try names.filter { $0.hasSuffix(".safetensors") }.sorted().map { try SafetensorsFile(folder + "/" + $0) }
        guard !files.isEmpty else { throw InputError("holds no network", at: folder, expected: wanted) }
        self.folder = folder
    }

    public var names: [String] { files.flatMap(\.entries).map(\.name) }

    public func has(_ name: String) -> Bool { files.contains { $0[name] != nil } }

    /// - Parameter shape: nil where the file decides.
    public func tensor(_ name: String, _ shape: [Int?]) throws -> Tensor {
        guard let file = files.first(where: { $0[name] != nil }), let entry = file[name] else {
            let near = nearestName(to: name, among: names)
            throw InputError("tensor \(name) is missing", at: folder, hint: near.map { "there is \($0)" })
        }
        let fits = zip(entry.shape, shape).allSatisfy { $0 > 0 && $0 == $1 ?? $0 }
        guard fits, entry.shape.count == shape.count else {
            let wanted = shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
            throw InputError("tensor \(name) has another shape", at: file.path, expected: "[\(wanted)]", found: "\(entry.shape)")
        }
        return try file.tensor(entry)
    }

    /// Of a convolution: `[O, I, KH, KW]` in the file, `[O, KH, KW, I]` here.
    ///
    /// - Parameter output: nil where the file decides.
    func kernel(_ name: String, _ output: Int?, _ input: Int, _ rows: Int, _ columns: Int) throws -> Tensor {
        try tensor(name, [output, input, rows, columns]).permuted([0, 2, 3, 1]).contiguous()
    }

    /// Hex digits that tell one folder's weights from another's.
    public func fingerprint() throws -> String {
        SHA256.hex(Array(try files.map { try SHA256.hex(ofFile: $0.path) }.joined(separator: "\n").utf8))
    }
}
