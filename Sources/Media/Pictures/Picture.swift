import Tensors

/// A picture of 8-bit samples: gray, RGB or RGB with alpha.
///
///     pixels: [height, width, channels]    row-major, top row first
public struct Picture: Sendable, Equatable {
    public let width: Int
    public let height: Int
    /// 1 gray, 3 RGB, 4 RGB and alpha (not premultiplied).
    public let channels: Int
    public var pixels: [UInt8]

    /// More pixels than this are refused when a file is read, before memory is taken.
    public static let largestPixelCount = 1 << 26

    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        require(width > 0 && height > 0, "Picture: \(width)x\(height) is empty")
        require([1, 3, 4].contains(channels), "Picture: \(channels) channels; 1, 3 or 4 are known")
        require(
            pixels.count == width * height * channels,
            "Picture: \(pixels.count) samples for [\(height), \(width), \(channels)]")
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// A picture of one color, of as many channels as `color` has samples.
    public init(width: Int, height: Int, filledWith color: [UInt8]) {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * color.count)
        for _ in 0..<width * height { pixels.append(contentsOf: color) }
        self.init(width: width, height: height, channels: color.count, pixels: pixels)
    }

    public subscript(x: Int, y: Int, channel: Int) -> UInt8 {
        get { pixels[(y * width + x) * channels + channel] }
        set { pixels[(y * width + x) * channels + channel] = newValue }
    }

    /// Number, row by row, of the cell that a pixel lies in where a grid is laid over the picture.
    package func cell(x: Int, y: Int, rows: Int, columns: Int) -> Int { y * rows / height * columns + x * columns / width }

    /// Three channels: gray repeated, transparency laid on white.
    public var rgb: Picture {
        if channels == 3 { return self }
        var out = [UInt8](repeating: 0, count: width * height * 3)
        for i in 0..<width * height {
            for c in 0..<3 { out[i * 3 + c] = channels == 1 ? pixels[i] : onWhite(i, c) }
        }
        return Picture(width: width, height: height, channels: 3, pixels: out)
    }

    private func onWhite(_ i: Int, _ c: Int) -> UInt8 {
        let alpha = Int(pixels[i * 4 + 3])
        return UInt8((Int(pixels[i * 4 + c]) * alpha + 255 * (255 - alpha) + 127) / 255)
    }

    /// One channel: luma by ITU-R BT.601, transparency laid on white.
    public var gray: Picture {
        if channels == 1 { return self }
        let source = rgb.pixels
        let out: [UInt8] = (0..<width * height).map { i in
            let (r, g, b) = (Int(source[i * 3]), Int(source[i * 3 + 1]), Int(source[i * 3 + 2]))
            return UInt8((299 * r + 587 * g + 114 * b + 500) / 1000)
        }
        return Picture(width: width, height: height, channels: 1, pixels: out)
    }

    /// The rectangle whose top left pixel is (x, y).
    public func cropped(x: Int, y: Int, width w: Int, height h: Int) -> Picture {
        require(
            x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= width && y + h <= height,
            "cropped: \(w)x\(h) at (\(x), \(y)) leaves a \(width)x\(height) picture")
        var out: [UInt8] = []
        out.reserveCapacity(w * h * channels)
        for row in y..<y + h {
            let start = (row * width + x) * channels
            out.append(contentsOf: pixels[start..<start + w * channels])
        }
        return Picture(width: w, height: h, channels: channels, pixels: out)
    }

    /// The largest centred square.
    public var centerSquare: Picture {
        let side = min(width, height)
        return cropped(x: (width - side) / 2, y: (height - side) / 2, width: side, height: side)
    }

    public var flippedHorizontally: Picture { oriented(2) }

    /// Upright, for a picture stored with an EXIF orientation (1 to 8; anything else leaves it as it is).
    public func oriented(_ orientation: Int) -> Picture {
        guard (2...8).contains(orientation) else { return self }
        let turned = orientation >= 5
        let (w, h) = turned ? (height, width) : (width, height)
        var out = [UInt8](repeating: 0, count: pixels.count)
        for y in 0..<h {
            for x in 0..<w {
                let (sx, sy): (Int, Int)
                switch orientation {
                case 2: (sx, sy) = (width - 1 - x, y)
                case 3: (sx, sy) = (width - 1 - x, height - 1 - y)
                case 4: (sx, sy) = (x, height - 1 - y)
                case 5: (sx, sy) = (y, x)
                case 6: (sx, sy) = (y, height - 1 - x)
                case 7: (sx, sy) = (width - 1 - y, height - 1 - x)
                default: (sx, sy) = (width - 1 - y, x)
                }
                for c in 0..<channels {
                    out[(y * w + x) * channels + c] = pixels[(sy * width + sx) * channels + c]
                }
            }
        }
        return Picture(width: w, height: h, channels: channels, pixels: out)
    }
}

extension Picture {
    /// Reads a PNG or JPEG file; its first bytes say which, not its name.
    public static func read(_ path: String) throws -> Picture {
        try decode(AtomicFile.read(path), from: path)
    }

    /// Decodes PNG or JPEG bytes; `file` is the name that an error gives.
    public static func decode(_ bytes: [UInt8], from file: String) throws -> Picture {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return try decodePNG(bytes, from: file) }
        if bytes.starts(with: [0xFF, 0xD8]) { return try decodeJPEG(bytes, from: file) }
        let start = bytes.prefix(4).map { String($0, radix: 16) }.joined(separator: " ")
        throw InputError(
            "is neither PNG nor JPEG", at: file, expected: "a PNG or JPEG file",
            found: bytes.isEmpty ? "no bytes" : "a file that begins with \(start)")
    }

    /// Writes PNG, or JPEG where the path ends in `.jpg` or `.jpeg`. An existing file is replaced whole.
    public func write(to path: String, text: [(String, String)] = []) throws {
        let name = path.lowercased()
        let isJPEG = name.hasSuffix(".jpg") || name.hasSuffix(".jpeg")
        try AtomicFile.write(isJPEG ? jpeg() : png(text: text), to: path)
    }
}
