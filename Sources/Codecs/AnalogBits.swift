import Networks
import Tensors

/// Whole numbers as real ones: each as the bits of a code, -scale or scale, thresholded on the way back. Nothing is learned (Chen et al. 2022,
/// arXiv 2208.04202, section 2.2).
///
///     media   [B, H, W, C]
///     latents [B, H, W, C · bits], of each channel the coarsest bit first
public final class AnalogBits: Module, Codec {
    /// Which bits a number becomes.
    public enum Code: String, Sendable, CaseIterable {
        /// Its own.
        case binary
        /// Neighbours differ in one bit.
        case gray
        /// Its own after all numbers have changed places: bits that say nothing of nearness.
        case random
    }

    /// What the numbers are.
    public enum Values: Sendable, Equatable {
        /// Levels of brightness that media in [-1, 1] are rounded to: 256 of pictures with 8 bits.
        case levels(Int)
        /// Media are whole numbers below this, such as tokens.
        case whole(Int)

        public var count: Int {
            switch self {
            case .levels(let count), .whole(let count): count
            }
        }
    }

    public let mediaShape: [Int]
    public let values: Values
    public let code: Code
    public let scale: Float
    public let bits: Int
    /// The code of each number, and the number of each pattern of bits.
    private let codes, numbers: [Int]

    /// - Parameter mediaShape: `[H, W, C]`.
    public init(_ mediaShape: [Int], values: Values, code: Code = .binary, scale: Float = 1) {
        let count = values.count
        require(mediaShape.count == 3 && count > 1 && scale > 0, "AnalogBits: \(mediaShape), \(count) numbers, scale \(scale)")
        self.mediaShape = mediaShape
        self.values = values
        self.code = code
        self.scale = scale
        bits = (1..<63).first { 1 << $0 >= count }!
        let places = code == .random ? Noise(seed: 42)("bits").permutation(count) : Array(0..<count)
        codes = places.map { code == .gray ? $0 ^ ($0 >> 1) : $0 }
        var numbers = [Int](repeating: 0, count: 1 << bits)
        // Patterns that stand for no number are taken for the last one that is coded.
        let unused = places.firstIndex(of: count - 1)!
        for pattern in numbers.indices { numbers[pattern] = unused }
        for (number, pattern) in codes.enumerated() { numbers[pattern] = number }
        self.numbers = numbers
        super.init()
    }

    public var module: Module { self }
    public var latents: LatentSpec {
        LatentSpec(kind: .continuous, shape: [mediaShape[0], mediaShape[1], mediaShape[2] * bits])
    }

    public func encode(_ x: Tensor) -> Encoding {
        let B = x.shape[0]
        require(x.shape == [B] + mediaShape, "AnalogBits: media of shape \(x.shape)")
        var out: [Float] = []
        out.reserveCapacity(x.count * bits)
        for value in x.values {
            let pattern = codes[number(of: value)]
            for bit in (0..<bits).reversed() { out.append(pattern >> bit & 1 == 1 ? scale : -scale) }
        }
        let mean = Tensor(out, [B] + latents.shape)
        // Nothing is drawn: the deviation is 0 in f32.
        return .moments(mean: mean, logVariance: mean * 0 - 1000)
    }

    /// What is above 0 is a one.
    public func decode(_ latents: Encoding) -> Tensor {
        guard case .moments(let mean, _) = latents, mean.count % (mediaShape.elementCount * bits) == 0 else {
            fatalError("AnalogBits: not \(bits) bits of each of \(mediaShape)")
        }
        let signs = mean.values
        let found = stride(from: 0, to: signs.count, by: bits).map { first in
            media(of: numbers[signs[first..<first + bits].reduce(0) { $0 << 1 | ($1 > 0 ? 1 : 0) }])
        }
        return Tensor(found, [found.count / mediaShape.elementCount] + mediaShape)
    }

    private func number(of value: Float) -> Int {
        let wanted: Float =
            switch values {
            case .levels(let count): (value + 1) / 2 * Float(count - 1)
            case .whole: value
            }
        // What is no number is the first one.
        return wanted > 0 ? Int(min(wanted, Float(values.count - 1)).rounded()) : 0
    }

    private func media(of number: Int) -> Float {
        switch values {
        case .levels(let count): 2 * Float(number) / Float(count - 1) - 1
        case .whole: Float(number)
        }
    }
}
