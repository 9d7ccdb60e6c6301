import Networks
import Tensors

/// Sizes of MelGAN's discriminators.
public struct MelGANDiscriminatorConfiguration: Sendable, Equatable {
    /// How many there are; each one hears the sound at half the rate of the one before.
    public var scales = 3
    /// Of the first layer; each shortening has `factor` times as many.
    public var channels = 16
    public var largestChannels = 1024
    /// Shortenings, each by `factor`.
    public var layers = 4
    public var factor = 4

    public init() {}

    /// Channels behind the first layer and behind each shortening.
    var widths: [Int] {
        (0..<layers).reduce(into: [channels]) { widths, _ in widths.append(min(widths.last! * factor, largestChannels)) }
    }

    /// Throws what is wrong with values that a person wrote.
    public func check(at place: String) throws(InputError) {
        func fail(_ key: String, _ expected: String, _ found: Int) -> InputError {
            InputError("no such discriminator", at: "\(place).\(key)", expected: expected, found: "\(found)")
        }
        guard (1...6).contains(scales) else { throw fail("scales", "1 to 6", scales) }
        guard (1...6).contains(layers) else { throw fail("layers", "1 to 6", layers) }
        guard (2...8).contains(factor) else { throw fail("factor", "2 to 8", factor) }
        guard channels >= 4, channels % 4 == 0 else { throw fail("channels", "a multiple of 4", channels) }
        // A group has four channels of a layer.
        guard largestChannels >= channels, zip(widths, widths.dropFirst()).allSatisfy({ $1 % ($0 / 4) == 0 }) else {
            throw fail("largest_channels", "\(channels) or more, a multiple of the layers' groups", largestChannels)
        }
    }
}

/// Tells recordings from what a generator made, at several rates (Kumar et al. 2019, arXiv 1910.06711, section 2.2).
///
///     x: [B, L] in -1...1
///     returns of each scale the maps of its layers, [B, 1, l, C] each; the last one is its logits, high for real
public final class MelGANDiscriminator: Module {
    public let configuration: MelGANDiscriminatorConfiguration
    let scales: [SignalDiscriminator]

    public init(_ c: MelGANDiscriminatorConfiguration) {
        configuration = c
        scales = (0..<c.scales).map { _ in SignalDiscriminator(c) }
        super.init()
    }

    public func callAsFunction(_ x: Tensor) -> [[Tensor]] {
        var x = x
        return scales.enumerated().map { i, scale in
            if i > 0 { x = averagePooled(x, size: 4, stride: 2, padding: 1) }
            return scale(x)
        }
    }
}

/// The discriminator of one scale.
final class SignalDiscriminator: Module {
    let input: SignalConv
    let downsamples: [SignalDownsample]
    let middle: SignalConv
    let output: SignalConv

    init(_ c: MelGANDiscriminatorConfiguration) {
        let widths = c.widths
        let last = min(widths[c.layers] * 2, c.largestChannels)
        input = SignalConv(1, widths[0], kernel: 15, edges: .mirror)
        downsamples = (0..<c.layers).map {
            SignalDownsample(widths[$0], widths[$0 + 1], ratio: c.factor, groups: widths[$0] / 4)
        }
        middle = SignalConv(widths[c.layers], last, kernel: 5)
        output = SignalConv(last, 1, kernel: 3)
        super.init()
    }

    /// x: [B, L]; returns every layer's map.
    func callAsFunction(_ x: Tensor) -> [Tensor] {
        let (B, L) = x.shape2
        var maps = [input(x.reshaped([B, 1, L, 1])).leakyRelu(0.2)]
        for downsample in downsamples { maps.append(downsample(maps.last!).leakyRelu(0.2)) }
        maps.append(middle(maps.last!).leakyRelu(0.2))
        // Logits are f32.
        return maps + [output(maps.last!).cast(to: .f32)]
    }
}
