import Tensors

extension Tensor {
    /// Pictures `[B, H, W, C]` in [-1, 1] as 8-bit samples.
    public var pictures: [Picture] {
        let (B, H, W, C) = shape4
        let bytes = values.map { UInt8(Swift.max(0, Swift.min(255, ($0 * 127.5 + 127.5).rounded()))) }
        let size = H * W * C
        return (0..<B).map { Picture(width: W, height: H, channels: C, pixels: Array(bytes[$0 * size..<($0 + 1) * size])) }
    }

    /// Pictures of one size to `[B, H, W, C]` in [-1, 1].
    public init(_ pictures: [Picture]) {
        let first = pictures[0]
        var values: [Float] = []
        values.reserveCapacity(pictures.count * first.pixels.count)
        for p in pictures {
            require(
                p.width == first.width && p.height == first.height && p.channels == first.channels,
                "pictures of \(p.width)x\(p.height) and \(first.width)x\(first.height) in one tensor")
            for byte in p.pixels { values.append(Float(byte) / 127.5 - 1) }
        }
        self.init(values, [pictures.count, first.height, first.width, first.channels])
    }
}
