import Codecs
import Foundation
import Media
import Networks
import Systems
import Tensors
import Training

/// `latentlab encode` and `decode`: pictures or sounds to a file of latents or tokens, and back.
///
/// The file holds `latents` and `log_variance`, `[N, c, h, w]`, normalised as the codec gives them; or `tokens`, `[N, h w]`. Its
/// metadata names the codec, so that latents of another one are refused.
public struct Coding {
    let model: String
    let quiet: Bool
    private let batch = 16

    public init(model: String, quiet: Bool) {
        self.model = model
        self.quiet = quiet
    }

    /// The first `count` examples of a data set that ships.
    public func encode(data: String, split: String, count: Int, out: String) throws {
        let dataset = try DataSection.named(data, split: split)
        try encode(count: min(count, dataset.count), by: codec(), out: out) { try dataset.example($0, epoch: 0) }
    }

    /// Picture or sound files, and those of folders in order of their names.
    public func encode(files: [String], out: String) throws {
        let codec = try codec()
        let (kind, endings) =
            codec.form.isPicture ? ("pictures", ["png", "jpg", "jpeg"]) : ("sounds", ["wav", "flac", "ogg", "mp3"])
        let paths = try files.flatMap { path -> [String] in
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else { return [path] }
            let found = Folder.names(in: path).filter { name in
                endings.contains { name.lowercased().hasSuffix("." + $0) }
            }
            guard !found.isEmpty else {
                throw InputError("holds no \(kind)", at: path, expected: endings.joined(separator: ", ") + " files")
            }
            return found.map { path + "/" + $0 }
        }
        try encode(count: paths.count, by: codec, out: out) { index in
            let path = paths[index]
            return codec.form.isPicture
                ? Example(picture: try Picture.read(path), name: path) : Example(sound: try Sound.read(path), name: path)
        }
    }

    private func encode(count: Int, by loaded: Loaded, out: String, example: (Int) throws -> Example) throws {
        let (codec, form, fingerprint) = loaded
        try OutputPath.check(out)
        let (height, width) = (codec.mediaShape[0], codec.mediaShape[1])
        let bar = ProgressBar("encoding", total: count, unit: "example", quiet: quiet)
        var moments: [(Tensor, Tensor)] = []
        var tokens: [Int32] = []
        for first in stride(from: 0, to: count, by: batch) {
            let last = min(first + batch, count)
            let examples = try (first..<last).map { index in
                var example = try example(index)
                example.picture = example.picture?.rgb.resized(width: width, height: height)
                return example
            }
            let x = try form.media(of: examples, from: first)
            switch withoutGradients({ codec.encode(x) }) {
            case .moments(let mean, let logVariance): moments.append((mean, logVariance))
            case .tokens(let some): tokens += some.values
            }
            bar.update(last)
        }
        bar.finish()
        var writer = SafetensorsWriter()
        if moments.isEmpty {
            writer.add("tokens", Tokens(tokens, [count, tokens.count / count]))
        } else {
            writer.add("latents", concatenated(moments.map(\.0), axis: 0).permuted([0, 3, 1, 2]))
            writer.add("log_variance", concatenated(moments.map(\.1), axis: 0).permuted([0, 3, 1, 2]))
        }
        try writer.write(to: out, metadata: ["codec": fingerprint, "latentlab": Version.current])
    }

    /// Writes `0.png`, `1.png`, ... or, made audible by Griffin-Lim, `0.wav`, ... into a folder, or one of them to a file.
    public func decode(input: String, out: String) throws {
        let (codec, form, fingerprint) = try codec()
        let file = try SafetensorsFile(input)
        if let other = file.metadata["codec"], other != fingerprint {
            throw InputError(
                "holds latents of another codec", at: input, expected: String(fingerprint.prefix(12)),
                found: String(other.prefix(12)))
        }
        let (count, part) = try source(codec, file)
        let isFile = form.isPicture ? out.lowercased().hasSuffix(".png") : SoundFormat(path: out) != nil
        if isFile {
            guard count == 1 else {
                throw InputError("several examples into one file", at: out, expected: "a folder", found: "\(count) examples")
            }
            try OutputPath.check(out)
        } else {
            try Folder.create(out)
        }
        let bar = ProgressBar("decoding", total: count, unit: "example", quiet: quiet)
        for first in stride(from: 0, to: count, by: batch) {
            let rows = first..<min(first + batch, count)
            let media = withoutGradients { codec.decode(part(rows)) }
            if case .spectrogram(let mel, _) = form {
                for (i, row) in rows.enumerated() {
                    let values = MediaForm.values(spectrogram: media.slice(0, i..<i + 1))
                    let sound = GriffinLim(mel).sound(of: values, noise: Noise(seed: 0)(row))
                    try sound.write(to: isFile ? out : "\(out)/\(row).wav")
                }
            } else {
                for (i, picture) in zip(rows, media.pictures) { try picture.write(to: isFile ? out : "\(out)/\(i).png") }
            }
            bar.update(rows.upperBound)
        }
        bar.finish()
    }

    /// How many examples a file holds, and some of them.
    private func source(_ codec: any Codec, _ file: SafetensorsFile) throws -> (Int, (Range<Int>) -> Encoding) {
        let shape = codec.latents.shape
        func refuse(_ name: String, _ expected: String, _ found: Any) -> InputError {
            InputError("tensor '\(name)' does not fit the codec", at: file.path, expected: expected, found: "\(found)")
        }
        switch codec.latents.kind {
        case .continuous:
            let entry = try file.entry("latents")
            guard entry.shape.count == 4, Array(entry.shape.dropFirst()) == [shape[2], shape[0], shape[1]] else {
                throw refuse("latents", "[N, \(shape[2]), \(shape[0]), \(shape[1])]", entry.shape)
            }
            let latents = try file.tensor(entry).permuted([0, 2, 3, 1])
            return (entry.shape[0], { .moments(mean: latents.slice(0, $0), logVariance: latents.slice(0, $0)) })
        case .tokens(let codes):
            let entry = try file.entry("tokens")
            let size = shape.reduce(1, *)
            guard entry.shape.count == 2, entry.shape[1] == size else { throw refuse("tokens", "[N, \(size)]", entry.shape) }
            let values = try file.tokens("tokens").values
            if let bad = values.first(where: { $0 < 0 || $0 >= codes }) { throw refuse("tokens", "0...\(codes - 1)", bad) }
            return (
                entry.shape[0],
                { rows in .tokens(Tokens(Array(values[rows.lowerBound * size..<rows.upperBound * size]), [rows.count] + shape)) }
            )
        }
    }

    private typealias Loaded = (codec: any Codec, form: MediaForm, fingerprint: String)

    /// The codec, what it takes in, and the fingerprint of its own directory.
    private func codec() throws -> Loaded {
        let loaded = try ModelDirectory.load(model)
        guard let codec = loaded.system.anyCodec else {
            throw InputError("this model has no codec", at: model, found: type(of: loaded.system).name)
        }
        return (codec, loaded.system.form, (loaded.system as? any LatentSystem)?.codecFingerprint ?? loaded.fingerprint)
    }
}
