import Tensors

/// Sizes of a convolutional encoder and decoder, shared by the KL autoencoder and the VQ-VAE.
///
/// Media `[H, W, C]` become a grid `[H / f, W / f, latentChannels]` with f = 2^(levels - 1), one level for
/// each multiplier, times the rows or columns of a patch.
public struct ConvCodecConfiguration: Sendable, Equatable {
    /// Of the media: `[H, W, C]`.
    public var mediaShape = [64, 64, 3]
    /// Rows and columns that the first convolution sees as channels of one position; where they differ, latents are finer along one
    /// side than along the other, as sound needs it.
    public var patch = [1, 1]
    /// Channels of a level are this times its multiplier.
    public var channels = 32
    /// Finest level first.
    public var multipliers = [1, 2, 4]
    /// Residual blocks in each level of the encoder; the decoder has one more.
    public var blocks = 1
    public var latentChannels = 4
    /// What is normalised together.
    public enum Norm: String, Sendable, CaseIterable {
        /// A group of channels over the whole picture, as published: every latent depends a little on all of the picture.
        case group
        /// All channels of one position. Plain parts of pictures then get the same tokens whatever is beside them, which makes
        /// tokens easier to predict.
        case position
    }

    public var norm = Norm.group
    /// Groups of a norm over the picture, or the next smaller number that divides its channels.
    public var groups = 32
    /// Attention between the two blocks in the middle.
    public var middleAttention = true
    /// Levels, 0 the finest, with attention after every block.
    public var attentionLevels: [Int] = []

    public init() {}

    /// Positions of the first convolution to one latent position along each side.
    private var factor: Int { 1 << (multipliers.count - 1) }

    /// `[rows, columns]` of the media to one latent position.
    public var cell: [Int] { patch.map { $0 * factor } }

    /// Channels of the media that the first convolution sees.
    var patchChannels: Int { mediaShape[2] * patch[0] * patch[1] }

    /// `[h, w]` of the latent grid.
    public var latentGrid: [Int] { [mediaShape[0] / cell[0], mediaShape[1] / cell[1]] }

    /// 0 where each position is normalised by itself.
    var normGroups: Int { norm == .position ? 0 : groups }

    /// Channels of each level, finest first.
    package var widths: [Int] { multipliers.map { channels * $0 } }

    /// Throws what is wrong with values that a person wrote, by the names they have in an experiment file; `place` is the
    /// section they were written in.
    public func check(at place: String? = nil) throws(InputError) {
        func refuse(_ field: String, _ expected: String, _ found: Any) -> InputError {
            let path = place.map { "\($0).\(field)" } ?? field
            return InputError("the codec cannot be built", at: path, expected: expected, found: "\(found)")
        }
        guard mediaShape.count == 3, mediaShape.allSatisfy({ $0 > 0 }) else {
            throw refuse("size", "three positive sizes: height, width, channels", mediaShape)
        }
        guard channels > 0 else { throw refuse("channels", "a positive number", channels) }
        guard (1...8).contains(multipliers.count), multipliers.allSatisfy({ $0 > 0 }) else {
            throw refuse("multipliers", "1 to 8 positive numbers", multipliers)
        }
        guard patch.count == 2, patch.allSatisfy({ $0 > 0 }) else { throw refuse("patch", "[rows, columns]", patch) }
        guard mediaShape[0] % cell[0] == 0, mediaShape[1] % cell[1] == 0 else {
            throw refuse(
                "size",
                "height and width that are multiples of \(cell[0]) and \(cell[1]), for \(multipliers.count) levels of patches \(patch)",
                mediaShape)
        }
        guard blocks > 0 else { throw refuse("blocks", "a positive number", blocks) }
        guard latentChannels > 0 else { throw refuse("latent_channels", "a positive number", latentChannels) }
        guard groups > 0 else { throw refuse("groups", "a positive number", groups) }
        if let level = attentionLevels.first(where: { !multipliers.indices.contains($0) }) {
            throw refuse("attention_levels", "levels from 0 to \(multipliers.count - 1)", level)
        }
    }
}
