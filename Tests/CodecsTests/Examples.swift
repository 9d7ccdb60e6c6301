import Codecs
import Networks
import Tensors
import TestKit
import Training

/// The network of the diffusers fixtures.
func fixtureNetwork(_ channels: Int, _ multipliers: [Int], latent: Int, groups: Int) -> ConvCodecConfiguration {
    var c = ConvCodecConfiguration()
    c.mediaShape = [16, 16, 3]
    (c.channels, c.multipliers, c.latentChannels, c.groups) = (channels, multipliers, latent, groups)
    c.blocks = 1
    return c
}

extension QuantizerConfiguration {
    static func nearest(_ change: (inout NearestCodeConfiguration) -> Void) -> QuantizerConfiguration {
        var c = NearestCodeConfiguration()
        change(&c)
        return .nearest(c)
    }
}

extension Module {
    /// Values away from every special start, so that no part is the identity.
    func scramble(_ seed: UInt64, deviation: Float = 0.15) {
        for p in parameters() {
            p.set(Noise(seed: seed)(p.name).normal(p.shape) * deviation + (p.shape.count == 1 ? 0.3 : 0))
        }
    }

    func parameter(_ name: String) -> Parameter {
        guard let found = parameters().first(where: { $0.name == name }) else {
            preconditionFailure("no parameter \(name)")
        }
        return found
    }

    func buffer(_ name: String) -> Buffer {
        guard let found = buffers().first(where: { $0.name == name }) else {
            preconditionFailure("no buffer \(name)")
        }
        return found
    }
}

/// Pictures made of a few discs, the same for the same index: [count, size, size, 3] in [-1, 1].
func discs(_ indices: [Int], size: Int) -> Tensor {
    var values: [Float] = []
    for index in indices {
        let noise = Noise(seed: 11)("disc")(index)
        let numbers = noise.uniform([2, 6]).values
        for y in 0..<size {
            for x in 0..<size {
                var color: [Float] = [1, 1, 1]
                for d in 0..<2 {
                    let n = Array(numbers[d * 6..<d * 6 + 6])
                    let radius = Float(size) * (0.15 + 0.25 * n[2])
                    let dy = Float(y) - n[0] * Float(size)
                    let dx = Float(x) - n[1] * Float(size)
                    if dy * dy + dx * dx < radius * radius {
                        color = [n[3] * 2 - 1, n[4] * 2 - 1, n[5] * 2 - 1]
                    }
                }
                values += color
            }
        }
    }
    return Tensor(values, [indices.count, size, size, 3])
}

/// The same few pictures at every step.
final class DiscSource: BatchSource {
    let pictures: Tensor
    init(_ count: Int, size: Int) { pictures = discs(Array(0..<count), size: size) }

    func batch(step: Int, range: Range<Int>, places: [Noise]) -> Batch {
        Batch(media: pictures.slice(0, range), places: places)
    }
}
