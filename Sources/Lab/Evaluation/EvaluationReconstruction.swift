import Codecs
import Media
import Metrics
import Networks
import Systems
import Tensors
import Training

extension Evaluation {
    /// What a codec makes of examples of the split: of pictures PSNR and SSIM, of sounds how far the spectrograms lie apart; for tokens
    /// the use of the codebook; of `shapes` and `soundscapes` also how many the checker still reads.
    func reconstruction(_ loaded: ModelDirectory.Loaded) throws -> [Result] {
        guard let codec = loaded.system.anyCodec else {
            throw InputError("this model has no codec", at: model, found: type(of: loaded.system).name)
        }
        let form = loaded.system.form
        let dataset = try DataSection.named(kind, split: split)
        let total = min(count, dataset.count)
        if case .picture = form { try fits(picture(of: dataset), codec) }
        let isText = if case .text = form { true } else { false }
        var quality = try Quality(form, codec, network: network, kind: kind)
        var used: CodebookUsage?
        let shown = Set(grid == nil ? [] : (0..<8).map { $0 * total / 8 })
        var (originals, remade) = ([Picture](), [Picture]())
        let bar = ProgressBar("reconstruction", total: total, unit: "example", quiet: quiet)
        for range in pieces(total, of: 16) {
            let examples = try range.map { try dataset.example($0, epoch: 0) }
            let x = try form.media(of: examples, from: range.lowerBound)
            let encoding = withoutGradients { codec.encode(x) }
            let decoded = withoutGradients { codec.decode(encoding) }
            let y = isText ? decoded : decoded.clamped(-1, 1)
            quality.add(x, y, examples)
            for (row, index) in range.enumerated() where shown.contains(index) {
                originals += form.pictures(x.slice(0, row..<row + 1))
                remade += form.pictures(y.slice(0, row..<row + 1))
            }
            if case .tokens(let tokens) = encoding, case .tokens(let codes) = codec.latents.kind {
                if used == nil { used = CodebookUsage(codes: codes) }
                used!.add(tokens)
            }
            bar.update(range.upperBound)
        }
        bar.finish()
        try writePairs(originals, remade)
        var results = quality.results(total, split)
        if let used {
            results += [
                Result(
                    name: "codes-used", value: used.usedShare, text: fixed(100 * used.usedShare, decimals: 2) + " % of codes"),
                Result(name: "perplexity", value: used.perplexity, text: fixed(used.perplexity, decimals: 2)),
            ]
        }
        return results + (total > 1 ? quality.distance : [])
    }

    /// Eight examples from all over the split above what the codec makes of them, where a grid is wanted.
    private func writePairs(_ originals: [Picture], _ decoded: [Picture]) throws {
        guard let grid, let first = originals.first else { return }
        let sheet = Picture.grid(originals + decoded, columns: originals.count, padding: 4, scale: max(1, 128 / first.width))
        try AtomicFile.write(sheet.png(text: []), to: grid)
    }

    /// Sums over examples of how near decoded media are to what was encoded.
    private struct Quality {
        private let form: MediaForm
        private let kind: String
        private var (psnr, ssim, l1) = (0.0, 0.0, 0.0)
        /// Of sentences: tokens and those that come back at their place, sentences that come back whole.
        private var (tokens, right, whole) = (0, 0, 0)
        /// What keeps each from being read as its caption, where a checker can tell.
        private var faults: [String?] = []
        private var seen: SeenPairs?

        init(_ form: MediaForm, _ codec: any Codec, network: String?, kind: String) throws {
            self.form = form
            self.kind = kind
            seen = try SeenPairs(network, codec, form)
        }

        mutating func add(_ x: Tensor, _ y: Tensor, _ examples: [Example]) {
            let captions = examples.map { $0.caption ?? "" }
            switch form {
            case .picture:
                psnr += PictureDifference.psnr(y, x).reduce(0, +)
                ssim += PictureDifference.ssim(y, x).reduce(0, +)
                seen?.add(x, y)
                if kind == "shapes" { faults += zip(y.pictures, captions).map { ShapesChecker.mismatch($0, $1)?.rawValue } }
            case .spectrogram(let mel, _):
                l1 += PictureDifference.l1(y, x).reduce(0, +)
                seen?.add(x, y)
                guard kind == "soundscapes" else { return }
                let vocoder = GriffinLim(mel)
                for (i, caption) in captions.enumerated() {
                    let values = MediaForm.values(spectrogram: y.slice(0, i..<i + 1))
                    let sound = vocoder.sound(of: values, noise: Noise(seed: 0)(i))
                    faults.append(SoundscapeCaption(caption).flatMap { SoundscapesChecker.mismatch(sound, $0)?.rawValue })
                }
            case .signal: l1 += PictureDifference.l1(y, x).reduce(0, +)
            case .text(let text):
                let (told, made) = (TextForm.tokens(x), TextForm.tokens(y))
                let counted = told.values.indices.filter { told.values[$0] != text.padding }
                tokens += counted.count
                right += counted.count { told.values[$0] == made.values[$0] }
                whole += zip(text.texts(told), text.texts(made)).count { $0 == $1 }
            }
        }

        func results(_ total: Int, _ split: String) -> [Result] {
            let count = Double(total)
            var results: [Result]
            switch form {
            case .picture:
                results = [
                    Result(
                        name: "psnr", value: psnr / count,
                        text: fixed(psnr / count, decimals: 2) + " dB over \(total) \(split) pictures"),
                    Result(name: "ssim", value: ssim / count, text: fixed(ssim / count, decimals: 2)),
                ]
            case .spectrogram, .signal:
                results = [
                    Result(
                        name: "mel-l1", value: l1 / count,
                        text: fixed(l1 / count, decimals: 4) + " on a scale from 0 to 1, over \(total) \(split) sounds")
                ]
            case .text:
                results = [
                    Result(
                        name: "tokens-right", value: Double(right) / Double(max(1, tokens)),
                        text: "\(fixed(100 * Double(right) / Double(max(1, tokens)), decimals: 2)) % of \(tokens) tokens"),
                    Result(
                        name: "whole", value: Double(whole) / count, text: "\(whole) of \(total) \(split) sentences as they were"),
                ]
            }
            guard !faults.isEmpty else { return results }
            let read = faults.count { $0 == nil }
            results.append(
                Result(
                    name: "read-back", value: Double(read) / count,
                    text: "\(read) of \(total) read as their captions: no generator in these latents can do better"))
            let known = form.isPicture ? ShapesMismatch.allCases.map(\.rawValue) : SoundscapesMismatch.allCases.map(\.rawValue)
            return results + Evaluation.shares(of: faults, among: known)
        }

        /// Over the sets as wholes, where a network looked at them.
        var distance: [Result] { seen.map { [$0.result] } ?? [] }
    }
}
