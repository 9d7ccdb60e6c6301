import Codecs
import Media
import Tensors

/// What sampling starts from instead of noise.
public enum SampleStart: Sendable {
    case picture(Picture)
    case sound(Sound)

    /// Of what is seen or heard.
    public var fingerprint: String {
        switch self {
        case .picture(let picture): SHA256.hex(picture.pixels)
        case .sound(let sound): sound.samples.withUnsafeBytes { SHA256.hex(Array($0)) }
        }
    }
}

/// What of a start may change; the rest is kept.
public enum FreePart: Sendable {
    /// White where a picture may change.
    case mask(Picture)
    /// Seconds from the beginning between which a sound may change.
    case span(ClosedRange<Double>)
}

extension CodecReference {
    /// A start as the codec takes it in, a picture resized, a sound cut or followed by silence: `[1, H, W, C]`.
    func media(of start: SampleStart) throws -> Tensor {
        switch (start, form) {
        case (.picture(let picture), .picture) where medium == .picture:
            return Tensor([picture.rgb.resized(width: codec.mediaShape[1], height: codec.mediaShape[0])])
        case (.sound(let sound), .spectrogram): return try form.media(of: Example(sound: sound, name: "--init"))
        case (.picture, _): throw InputError("is a picture", at: "--init", expected: medium.noun)
        case (.sound, _): throw InputError("is a sound", at: "--init", expected: medium.noun)
        }
    }

    /// 1 where any part of a latent's cell may change: `[1, h, w, 1]`.
    func mask(of part: FreePart) throws -> Tensor {
        switch (part, form) {
        case (.mask(let picture), .picture): return mask(of: picture)
        case (.span(let span), .spectrogram(let mel, _)): return mask(of: span, mel.settings)
        case (.mask, _): throw InputError("is of pictures", at: "--mask", expected: "--span FROM-TO, in seconds")
        case (.span, _): throw InputError("is of sounds", at: "--span", expected: "--mask FILE")
        }
    }

    private func mask(of picture: Picture) -> Tensor {
        let (h, w) = (codec.latents.shape[0], codec.latents.shape[1])
        let (H, W) = (codec.mediaShape[0], codec.mediaShape[1])
        let gray = picture.gray.resized(width: W, height: H, .box)
        var mask = [Float](repeating: 0, count: h * w)
        for y in 0..<H { for x in 0..<W where gray[x, y, 0] > 127 { mask[gray.cell(x: x, y: y, rows: h, columns: w)] = 1 } }
        return Tensor(mask, [1, h, w, 1])
    }

    private func mask(of span: ClosedRange<Double>, _ settings: MelSettings) -> Tensor {
        let (h, w) = (codec.latents.shape[0], codec.latents.shape[1])
        let row = Double(codec.mediaShape[0] / h * settings.hop) / Double(settings.rate)
        let mask = (0..<h * w).map { i in
            let begin = Double(i / w) * row
            return Float(begin < span.upperBound && begin + row > span.lowerBound ? 1 : 0)
        }
        return Tensor(mask, [1, h, w, 1])
    }
}

extension Medium {
    /// What a person would call it.
    var noun: String {
        switch self {
        case .picture: "a picture"
        case .sound: "a sound"
        case .text: "nothing, of sentences"
        case .point: "nothing, of points"
        }
    }
}
