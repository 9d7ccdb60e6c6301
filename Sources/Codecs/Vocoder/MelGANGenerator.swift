import Networks
import Tensors

/// Sizes of a MelGAN generator.
public struct MelGANConfiguration: Sendable, Equatable {
    public var bands = 80
    /// Of the last stage; each one before has twice as many.
    public var channels = 32
    /// By how much each stage lengthens; their product is the spectrogram's hop.
    public var ratios = [8, 8, 2, 2]
    /// Residual blocks of a stage; block j hears neighbours 3^j apart.
    public var blocks = 3

    public init() {}

    /// About a fifth of the arithmetic.
    public static var small: MelGANConfiguration {
        var c = MelGANConfiguration()
        (c.channels, c.blocks) = (16, 2)
        return c
    }

    /// Samples made of one frame.
    public var hop: Int { ratios.reduce(1, *) }
    /// Channels before the first stage and behind each.
    var widths: [Int] { (0...ratios.count).map { channels << (ratios.count - $0) } }

    /// Frames to either side that a sample hears, rounded up.
    var reach: Int {
        var samples = 3.0 * Double(hop)
        var step = Double(hop)
        for ratio in ratios {
            samples += step  // a kernel of two steps
            step /= Double(ratio)
            for block in 0..<blocks { samples += step * pow3(block) }
        }
        return Int(((samples + 3) / Double(hop)).rounded(.up))
    }

    private func pow3(_ n: Int) -> Double { (0..<n).reduce(1) { power, _ in power * 3 } }

    /// Throws what is wrong with values that a person wrote.
    public func check(at place: String) throws(InputError) {
        func fail(_ key: String, _ expected: String, _ found: String) -> InputError {
            InputError("no such generator", at: "\(place).\(key)", expected: expected, found: found)
        }
        guard (1...8).contains(ratios.count), ratios.allSatisfy({ (1...64).contains($0) }), hop <= 1 << 14 else {
            throw fail("ratios", "1 to 8 numbers of 1 to 64 with a product up to 16,384", "\(ratios)")
        }
        guard channels >= 1, channels << ratios.count <= 1 << 14 else {
            throw fail("channels", "1 to \((1 << 14) >> ratios.count) with so many ratios", "\(channels)")
        }
        guard (0...6).contains(blocks) else { throw fail("blocks", "0 to 6", "\(blocks)") }
    }
}

/// Sound from a log-mel spectrogram in one pass (Kumar et al. 2019, arXiv 1910.06711, section 2.1).
///
///     mel: [B, N, bands], values in 0...1
///     returns [B, N · hop], in -1...1; frame n lies in the middle of the samples n · hop..<(n + 1) · hop
public final class MelGANGenerator: Module {
    public let configuration: MelGANConfiguration
    let input: SignalConv
    let stages: [MelGANStage]
    let output: SignalConv

    public init(_ c: MelGANConfiguration) {
        configuration = c
        let widths = c.widths
        input = SignalConv(c.bands, widths[0], kernel: 7, edges: .mirror)
        stages = c.ratios.indices.map { MelGANStage(widths[$0], widths[$0 + 1], ratio: c.ratios[$0], blocks: c.blocks) }
        output = SignalConv(c.channels, 1, kernel: 7, edges: .mirror)
        super.init()
    }

    public func callAsFunction(_ mel: Tensor) -> Tensor {
        let (B, N, bands) = mel.shape3
        require(bands == configuration.bands, "MelGANGenerator of \(configuration.bands) bands: \(mel.shape)")
        let h = stages.reduce(input(mel.reshaped([B, 1, N, bands]))) { $1($0) }  // [B, 1, N · hop, channels]
        return output(h.leakyRelu(0.2)).cast(to: .f32).tanh().reshaped([B, N * configuration.hop])
    }
}

/// A longer signal with fewer channels, and what residual blocks make of it.
///
///     x: [B, 1, L, in]
///     returns [B, 1, ratio · L, out]
final class MelGANStage: Module {
    let upsample: SignalUpsample
    let blocks: [MelGANBlock]

    init(_ input: Int, _ output: Int, ratio: Int, blocks: Int) {
        upsample = SignalUpsample(input, output, ratio: ratio)
        var dilation = 1
        self.blocks = (0..<blocks).map { _ in
            defer { dilation *= 3 }
            return MelGANBlock(output, dilation: dilation)
        }
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor { blocks.reduce(upsample(x.leakyRelu(0.2))) { $1($0) } }
}

/// Two convolutions, of which the first hears neighbours `dilation` apart, beside one of single places.
///
///     x: [B, 1, L, C]
///     returns the same shape
final class MelGANBlock: Module {
    let conv1: SignalConv
    let conv2: SignalConv
    let shortcut: SignalConv

    init(_ channels: Int, dilation: Int) {
        conv1 = SignalConv(channels, channels, kernel: 3, dilation: dilation, edges: .mirror)
        conv2 = SignalConv(channels, channels, kernel: 1)
        shortcut = SignalConv(channels, channels, kernel: 1)
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        shortcut(x) + conv2(conv1(x.leakyRelu(0.2)).leakyRelu(0.2))
    }
}
