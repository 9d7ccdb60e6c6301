import Media
import Systems
import Tensors

/// `latentlab data show`: the first examples of a data set on one picture, or one of its sounds, or its sentences.
public struct DataSheet {
    private static let mostSounds = 64
    private static let textFiles = [".txt", ".tsv"]
    private let kind: String
    private let split: String
    private let examples: [Example]

    /// The first `count` examples of a data set that ships.
    public init(_ kind: String, split: String, count: Int) throws {
        guard (1...4096).contains(count) else {
            throw InputError("out of range", at: "--count", expected: "1 to 4096", found: "\(count)")
        }
        let dataset = try DataSection.named(kind, split: split)
        if dataset is Soundscapes, count > Self.mostSounds {
            throw InputError("out of range", at: "--count", expected: "1 to \(Self.mostSounds) sounds", found: "\(count)")
        }
        self.kind = kind
        self.split = split
        examples = try (0..<min(count, dataset.count)).map { try dataset.example($0, epoch: 0) }
    }

    /// Sentences to be read, one a line, behind what they are made of and a tab where they are made of something; nil of other data.
    public var lines: [String]? {
        let lines = examples.compactMap { example in
            example.text.map { text in example.caption.map { "\($0)\t\(text)" } ?? text }
        }
        return lines.isEmpty ? nil : lines
    }

    /// Points as a cloud, sounds as spectrograms, pictures as a contact sheet; sentences as lines, or a sound where the name asks for
    /// one.
    public func write(to out: String) throws {
        try OutputPath.check(out)
        if let lines {
            guard Self.textFiles.contains(where: out.hasSuffix) else {
                throw InputError(
                    "is no file for sentences", at: out, expected: Self.textFiles.joined(separator: " or "),
                    hint: "without --out they are printed")
            }
            return try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: out)
        }
        let points = examples.compactMap(\.point)
        let sounds = examples.compactMap { example in example.sound.map { (example.caption ?? example.name, $0) } }
        if SoundFormat(path: out) != nil {
            guard sounds.count == 1 else {
                throw InputError(
                    "one sound makes one file", at: out, expected: "--count 1 of sounds", found: "\(sounds.count) sounds")
            }
            try sounds[0].1.write(to: out, comment: "\(sounds[0].0) (\(kind) \(split) 0, latentlab \(Version.current))")
        } else if !points.isEmpty {
            try ScatterPlot(panels: [.init("\(points.count) points", points)]).drawing.picture(scale: 1).write(to: out)
        } else if !sounds.isEmpty {
            let mel = MelSpectrogram()
            let panels = sounds.map { SpectrogramPlot.Panel($0.0, mel($0.1)) }
            try SpectrogramPlot(panels: panels, settings: mel.settings).drawing.picture(scale: 1).write(to: out)
        } else {
            let captions = examples.map { $0.caption ?? $0.name }
            try Picture.grid(examples.compactMap(\.picture), columns: 6, scale: 2, captions: captions).write(to: out)
        }
    }
}
