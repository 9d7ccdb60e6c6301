import Tensors

/// What a system takes in of an example.
public enum MediaForm: Sendable {
    /// `[height, width, channels]`, bytes to [-1, 1].
    case picture
    /// The first frames of a sound's spectrogram, after it silence: `[frames, bands, 1]`, 0...1 to [-1, 1]. Frames first, so that
    /// tokens are in the order of time, all bands of a moment one after the other.
    case spectrogram(MelSpectrogram, frames: Int)
    /// So many samples from somewhere in a sound, after its end silence: `[samples, 1, 1]`.
    case signal(rate: Int, samples: Int)
    /// A sentence's tokens, as whole numbers: `[length, 1, 1]`.
    case text(TextForm)

    /// Examples of one data set in one tensor `[B, H, W, C]`; nil where it has no pictures, and pictures are wanted.
    ///
    /// - Parameter places: number and epoch of each example, which say where in a sound a signal is taken from.
    /// - Throws: `InputError` where pictures differ in size, or sounds are wanted and there are none.
    public func media(of examples: [Example], at places: [(index: Int, epoch: Int)]) throws(InputError) -> Tensor? {
        switch self {
        case .picture: return try Self.pictures(of: examples)
        case .spectrogram(let mel, let frames):
            let parts = try examples.map { (example) throws(InputError) in
                Self.spectrogram(try Self.sound(of: example), mel, frames)
            }
            return Tensor(parts.flatMap { $0 }, [parts.count, frames, mel.settings.bands, 1])
        case .signal(let rate, let samples):
            var values: [Float] = []
            for (example, place) in zip(examples, places) {
                let whole = try Self.sound(of: example).mono.resampled(to: rate).samples
                var generator = KeyedGenerator(23, UInt64(place.index), UInt64(place.epoch))
                let start = generator.below(max(1, whole.count - samples + 1))
                let part = whole.dropFirst(start).prefix(samples)
                values += part + [Float](repeating: 0, count: samples - part.count)
            }
            return Tensor(values, [examples.count, samples, 1, 1])
        case .text(let form):
            return TextForm.media(
                form.tokens(
                    try examples.map { (example) throws(InputError) in
                        guard let text = example.text else {
                            throw InputError("has no sentence, which this system needs", at: example.name)
                        }
                        return text
                    }))
        }
    }

    /// Examples that follow one another from the number `first` on, as of epoch 0.
    ///
    /// - Throws: `InputError` where they hold nothing of this form.
    public func media(of examples: [Example], from first: Int) throws(InputError) -> Tensor {
        guard let media = try media(of: examples, at: examples.indices.map { (first + $0, 0) }) else {
            throw InputError("has no picture, which this system needs", at: examples.first?.name)
        }
        return media
    }

    /// One example by itself: `[1, H, W, C]`.
    public func media(of example: Example) throws(InputError) -> Tensor { try media(of: [example], from: 0) }

    public var isPicture: Bool { if case .picture = self { true } else { false } }

    /// Log-mel values in 0...1 of one spectrogram `[1, frames, bands, 1]` in about [-1, 1]: `[frames, bands]`.
    public static func values(spectrogram media: Tensor) -> Tensor {
        let (_, frames, bands, _) = media.shape4
        return ((media + 1) * 0.5).clamped(0, 1).reshaped([frames, bands])
    }

    /// The sentences that media `[B, L, 1, 1]` are; none of other forms.
    public func texts(_ media: Tensor) -> [String] {
        if case .text(let form) = self { form.texts(TextForm.tokens(media)) } else { [] }
    }

    /// Media `[B, H, W, C]` in about [-1, 1] to look at; none of sentences.
    public func pictures(_ media: Tensor) -> [Picture] {
        switch self {
        case .spectrogram: Self.seen(spectrograms: media)
        case .text: []
        default: media.pictures
        }
    }

    /// Spectrograms `[B, frames, bands, 1]` in about [-1, 1] in gray: time runs to the right, low tones are at the bottom.
    public static func seen(spectrograms: Tensor) -> [Picture] {
        let turned = spectrograms.permuted([0, 2, 1, 3]).flipped(1)
        return turned.broadcast(to: Array(turned.shape.dropLast()) + [3]).contiguous().pictures
    }

    private static func pictures(of examples: [Example]) throws(InputError) -> Tensor? {
        let pictures = examples.compactMap(\.picture)
        guard let first = pictures.first else { return nil }
        let odd = examples.first {
            $0.picture.map { $0.width != first.width || $0.height != first.height || $0.channels != first.channels } ?? true
        }
        if let odd {
            throw InputError(
                "pictures of one data set differ in size", at: odd.name, expected: "\(first.width)x\(first.height)",
                found: odd.picture.map { "\($0.width)x\($0.height)" } ?? "no picture", hint: "set data.train.size")
        }
        return Tensor(pictures)
    }

    private static func sound(of example: Example) throws(InputError) -> Sound {
        guard let sound = example.sound else {
            throw InputError("has no sound, which this system needs", at: example.name)
        }
        return sound
    }

    private static func spectrogram(_ sound: Sound, _ mel: MelSpectrogram, _ frames: Int) -> [Float] {
        let length = frames * mel.settings.hop
        let whole = sound.mono.resampled(to: mel.settings.rate).samples
        let part = whole.prefix(length) + [Float](repeating: 0, count: max(0, length - whole.count))
        let values = mel(Sound(rate: mel.settings.rate, samples: Array(part))).values
        return values.prefix(frames * mel.settings.bands).map { 2 * $0 - 1 }
    }
}
