import Tensors

/// CIFAR-10 in its binary form: 32 x 32 pictures of ten classes, a record being one label byte and three
/// planes.
///
/// Krizhevsky 2009, "Learning multiple layers of features from tiny images".
public struct CIFAR10: Dataset {
    public static let names = [
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ]
    private static let side = 32
    private static let recordSize = 1 + 3 * side * side

    private let batches: [[UInt8]]
    private let starts: [Int]
    public let count: Int
    public var classNames: [String] { Self.names }

    /// - Parameter folder: holds `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`.
    public init(_ folder: String, split: Split) throws {
        let files = split == .train ? (1...5).map { "data_batch_\($0).bin" } : ["test_batch.bin"]
        try self.init(files: files.map { folder + "/" + $0 })
    }

    public init(files: [String]) throws {
        try self.init(batches: files.map { (bytes: try AtomicFile.read($0), file: $0) })
    }

    /// Checks sizes and labels of batches already read; `file` is the name an error gives.
    public init(batches named: [(bytes: [UInt8], file: String)]) throws {
        var starts: [Int] = []
        var count = 0
        for (bytes, file) in named {
            guard !bytes.isEmpty, bytes.count % Self.recordSize == 0 else {
                throw InputError(
                    "is no CIFAR-10 batch", at: file, expected: "a multiple of \(Self.recordSize) bytes",
                    found: "\(bytes.count) bytes")
            }
            for start in stride(from: 0, to: bytes.count, by: Self.recordSize) where bytes[start] > 9 {
                throw InputError(
                    "label out of range", at: "\(file), record \(start / Self.recordSize)",
                    expected: "0 to 9",
                    found: "\(bytes[start])")
            }
            starts.append(count)
            count += bytes.count / Self.recordSize
        }
        self.starts = starts
        self.count = count
        batches = named.map(\.bytes)
    }

    public func example(_ index: Int, epoch: Int) throws -> Example {
        require((0..<count).contains(index), "CIFAR10: example \(index) of \(count)")
        let batch = starts.lastIndex { $0 <= index }!
        let bytes = batches[batch]
        let start = (index - starts[batch]) * Self.recordSize
        let plane = Self.side * Self.side
        var pixels = [UInt8](repeating: 0, count: 3 * plane)
        for i in 0..<plane {
            for c in 0..<3 { pixels[3 * i + c] = bytes[start + 1 + c * plane + i] }
        }
        let label = Int(bytes[start])
        return Example(
            picture: Picture(width: Self.side, height: Self.side, channels: 3, pixels: pixels),
            caption: Self.names[label], label: label, name: "\(index)")
    }
}
