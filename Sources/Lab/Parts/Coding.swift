import Codecs
import Foundation
import Media
import Networks
import Systems
import Tensors
import Training

/// `latentlab encode` and `decode`: pictures to a file of latents or tokens, and back.
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
        try encode(count: min(count, dataset.count), out: out) { index in
            let example = try dataset.example(index, epoch: 0)
            guard let picture = example.picture else { throw InputError("has no picture", at: example.name) }
            return picture
        }
    }

    /// Picture files, and the pictures of folders in order of their names.
    public func encode(files: [String], out: String) throws {
        let pictures = try files.flatMap { path -> [String] in
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else { return [path] }
            let found = Folder.names(in: path).filter { name in
                [".png", ".jpg", ".jpeg"].contains { name.lowercased().hasSuffix($0) }
            }
            guard !found.isEmpty else { throw InputError("holds no pictures", at: path, expected: "PNG or JPEG files") }
            return found.map { path + "/" + $0 }
        }
        try encode(count: pictures.count, out: out) { try Picture.read(pictures[$0]) }
    }

    private func encode(count: Int, out: String, picture: (Int) throws -> Picture) throws {
        let (codec, fingerprint) = try codec()
        try OutputPath.check(out)
        let (height, width) = (codec.mediaShape[0], codec.mediaShape[1])
        let bar = ProgressBar("encoding", total: count, unit: "picture", quiet: quiet)
        var moments: [(Tensor, Tensor)] = []
        var tokens: [Int32] = []
        for first in stride(from: 0, to: count, by: batch) {
            let last = min(first + batch, count)
            let x = Tensor(try (first..<last).map { try picture($0).rgb.resized(width: width, height: height) })
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

    /// Writes `0.png`, `1.png`, ... into a folder, or one picture to a file.
    public func decode(input: String, out: String) throws {
        let (codec, fingerprint) = try codec()
        let file = try SafetensorsFile(input)
        if let other = file.metadata["codec"], other != fingerprint {
            throw InputError(
                "holds latents of another codec", at: input, expected: String(fingerprint.prefix(12)),
                found: String(other.prefix(12)))
        }
        let (count, part) = try source(codec, file)
        let isFile = out.lowercased().hasSuffix(".png")
        if isFile {
            guard count == 1 else {
                throw InputError("several pictures into one file", at: out, expected: "a folder", found: "\(count) pictures")
            }
            try OutputPath.check(out)
        } else {
            try Folder.create(out)
        }
        let bar = ProgressBar("decoding", total: count, unit: "picture", quiet: quiet)
        for first in stride(from: 0, to: count, by: batch) {
            let rows = first..<min(first + batch, count)
            for (i, picture) in zip(rows, withoutGradients { codec.decode(part(rows)) }.pictures) {
                try picture.write(to: isFile ? out : "\(out)/\(i).png")
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

    /// The codec, and the fingerprint of its own directory.
    private func codec() throws -> (any Codec, String) {
        let loaded = try ModelDirectory.load(model)
        guard let codec = loaded.system.anyCodec else {
            throw InputError("this model has no codec", at: model, found: type(of: loaded.system).name)
        }
        return (codec, (loaded.system as? any LatentSystem)?.codecFingerprint ?? loaded.fingerprint)
    }
}
