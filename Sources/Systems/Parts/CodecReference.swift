import Codecs
import Diffusion
import Media
import Networks
import Tensors

/// The frozen codec that a generator works in, and how its latents reach training and sampling.
///
/// A class, so that the walker does not take the frozen codec for a part of the model.
final class CodecReference {
    let codec: any Codec
    /// Nil of a codec that is made here.
    private let model: ModelReference?
    /// Of sentences whose codec is made here.
    private let tokenizer: (any PipelineTokenizer)?
    /// What it encodes.
    let medium: Medium
    let form: MediaForm
    let fingerprint: String

    /// Section `codec {from, fingerprint}`: a model directory, or `codec/` beside the `config.json` being loaded. Some learn nothing:
    /// `codec {kind: gray_code, size, bits, reach}` of points, `codec {kind: bits, ...}` of pictures or sentences (`BitsSection`).
    init(_ section: Section, _ surroundings: Surroundings) throws {
        let part = try section.section("codec")
        if part.has("kind") {
            model = nil
            guard try part.choice("kind", among: ["gray_code", "bits"]) == "bits" else {
                let code = GrayCode(
                    size: try part.int("size", default: 2, in: 1...64), bits: try part.int("bits", default: 16, in: 1...24),
                    reach: try part.number("reach", default: 2, in: 1e-6...1e6))
                (codec, medium, form, tokenizer) = (code, .point, .picture, nil)
                fingerprint = "gray code, \(code.size) numbers of \(code.bits) bits within \(code.reach)"
                return
            }
            let bits = try BitsSection(part, surroundings)
            (codec, form, tokenizer) = (bits.codec, bits.form, bits.tokenizer)
            medium = form.medium
            fingerprint = bits.description
            return
        }
        tokenizer = nil
        let model = try ModelReference(part)
        guard let system = model.system as? any CodecSystem else {
            throw part.error(
                "from", "is not a codec", expected: "a model directory of a codec", found: type(of: model.system).name)
        }
        (codec, self.model, form, fingerprint) = (system.codec, model, system.form, model.fingerprint)
        medium = form.medium
        model.freeze(codec.module)
    }

    /// The codec where it makes bits.
    var bits: AnalogBits? { codec as? AnalogBits }

    /// Normalised latents of a batch, drawn where the codec gives distributions: `[B, h, w, c]`.
    func latents(of batch: Batch) -> Tensor {
        if let moments = batch.latents {
            let parts = moments.chunked(2, axis: 3)
            return drawn(mean: parts[0], logVariance: parts[1], batch.places)
        }
        guard let media = batch.media else { fatalError("a batch with neither media nor latents") }
        guard case .moments(let mean, let logVariance) = withoutGradients({ codec.encode(media) }) else {
            fatalError("the codec gives tokens")
        }
        return drawn(mean: mean, logVariance: logVariance, batch.places)
    }

    /// Tokens of a batch: `[B, N]`.
    func tokens(of batch: Batch) -> Tokens {
        if let tokens = batch.tokens { return tokens }
        if medium == .point, let points = batch.latents {
            return encoded(points.reshaped([points.shape[0]] + codec.mediaShape))
        }
        guard let media = batch.media else { fatalError("a batch with neither media nor tokens") }
        return encoded(media)
    }

    private func encoded(_ media: Tensor) -> Tokens {
        guard case .tokens(let tokens) = withoutGradients({ codec.encode(media) }) else {
            fatalError("the codec gives real latents")
        }
        return tokens.reshaped([media.shape[0], tokens.count / media.shape[0]])
    }

    private func drawn(mean: Tensor, logVariance: Tensor, _ places: [Noise]) -> Tensor {
        mean + (logVariance * 0.5).exp() * normal(places.map { $0("posterior") }, Array(mean.shape.dropFirst()))
    }

    /// Mean latents of a start: `[1, h, w, c]`.
    func latents(of start: SampleStart) throws -> Tensor {
        let media = try media(of: start)
        guard case .moments(let mean, _) = withoutGradients({ codec.encode(media) }) else {
            fatalError("the codec gives tokens")
        }
        return mean
    }

    /// Tokens of a start: `[1, N]`.
    func tokens(of start: SampleStart) throws -> Tokens { encoded(try media(of: start)) }

    func write(to target: String) throws {
        try model?.write(to: target, as: "codec")
        if let tokenizer { try ModelTokenizer.write(tokenizer, to: target + BitsSection.folder) }
    }

    func configuration(_ resolved: ConfigurationValue) -> ConfigurationValue {
        model?.configuration(resolved, as: "codec") ?? resolved
    }
}

extension ConfigurationValue {
    /// A part stored in a subfolder of the model: `{from, fingerprint}`.
    static func reference(to folder: String, _ fingerprint: String, at place: ConfigurationPlace) -> ConfigurationValue {
        ConfigurationValue(
            .map([
                .init("from", at: place, ConfigurationValue(.string(folder))),
                .init("fingerprint", at: place, ConfigurationValue(.string(fingerprint))),
            ]))
    }

    /// This map with one key replaced or added.
    func setting(_ key: String, _ value: ConfigurationValue) -> ConfigurationValue {
        guard case .map(var entries) = content else { return self }
        if let i = entries.firstIndex(where: { $0.key == key }) {
            entries[i].value = value
        } else {
            entries.append(.init(key, at: place, value))
        }
        return ConfigurationValue(.map(entries), at: place)
    }

    /// This map without one of its keys.
    public func dropping(_ key: String) -> ConfigurationValue {
        guard case .map(let entries) = content else { return self }
        return ConfigurationValue(.map(entries.filter { $0.key != key }), at: place)
    }

    /// This map with only these keys.
    func keeping(_ keys: [String]) -> ConfigurationValue {
        guard case .map(let entries) = content else { return self }
        return ConfigurationValue(.map(entries.filter { keys.contains($0.key) }), at: place)
    }
}
